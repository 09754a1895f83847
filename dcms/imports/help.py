"""What `dcms import --help` says besides its options."""

DESCRIPTION = """\
Take patients or appointments over from a CSV file of another system, by the same rules as the API.

A run may be killed and started again at any time, and a file may be imported again: a row is known by its source and
its source_id, and goes in once. The service may run meanwhile. A row that was imported and says something else now is
reported as `changed` and left alone. Correct refused rows in the file and start again."""

EPILOG = """\
The mapping is a TOML file:

  source = "old-practice"          # the other system; with source_id it makes rows known again
  encoding = "cp1252"              # utf-8, with or without BOM
  delimiter = ";"                  # ,
  date_formats = ["%d.%m.%Y"]      # %Y-%m-%d
  time_formats = ["%d.%m.%Y %H:%M"]  # ISO 8601
  zone = "Europe/Berlin"           # of times without an offset: the clinic's

  [fields]                         # field = column, or columns
  source_id = "No"
  first_name = "Given name"
  last_name = "Surname"
  address = { columns = ["Street", "Town"], join = ", " }
  alerts = { columns = ["Warnings"], split = "/" }

  [phone_numbers]                  # label = column; the first one filled is the primary number
  mobile = "Mobile"

  [constants]                      # field = the same for every row
  note = "from the old practice"

  [values.gender]                  # word in the file = word here; "" is an empty cell
  f = "female"

Fields of patients: source_id, first_name, last_name (needed), middle_name, birth_date, gender, email, address, note,
  alerts, register_number.
Fields of appointments: source_id, doctor, starts_at (needed), patient_source_id or patient_register_number (needed),
  ends_at or duration_min, chair, services, status, note, cancel_reason, cancelled_by, allow_overlap, override_reason.
  A doctor is named by email or name, a chair by name, services by code.

The report is CSV: row (the header is 1), source_id, code, field, message. Codes are those of the API, and `changed`.

Ends with 0 when every row is in, 1 when some were refused or changed, 2 when file, mapping or user won't do,
3 when it broke off."""

"""The demo's staff, chairs and services."""

from typing import NamedTuple


class Dentist(NamedTuple):
    """A dentist and his week: (weekdays, opens, closes)."""

    first_name: str
    last_name: str
    title: str
    color: str
    # no hours of his own: he works the clinic's
    hours: tuple[tuple[tuple[int, ...], str, str], ...]


class Service(NamedTuple):
    """A row of the catalogue, by CDT's categories."""

    code: str
    name: str
    service_type: str
    duration_min: int
    price: str
    resulting_condition: str | None


DENTISTS = (
    Dentist("Clara", "Bergmann", "Dr. med. dent.", "#4f7cac", ()),
    Dentist(
        "Mehmet", "Yıldız", "Dr. med. dent.", "#c0504d", (((1, 2, 4), "07:00", "12:00"), ((1, 2, 4), "13:00", "16:30"))
    ),
    Dentist("Sofía", "Núñez", "Dr.", "#9bbb59", (((1, 3, 5), "12:00", "20:00"),)),
    Dentist("Jonas", "Ångström", "Dr. med. dent., M.Sc.", "#8064a2", (((2, 3, 4, 5), "08:30", "14:00"),)),
    Dentist("Priya", "Sharma", "Dr.", "#f79646", (((1, 2, 3, 4, 5), "09:00", "13:00"), ((6,), "09:00", "14:00"))),
    Dentist("Giorgi", "Beridze", "Zahnarzt", "#4bacc6", (((3, 4, 5), "10:00", "18:30"),)),
)
ASSISTANTS = (("Lena", "Hartmann"), ("Tom", "Krüger"), ("Nour", "Haddad"))
FRONT_DESK = (("Ida", "Schneider"), ("Marta", "Wiśniewska"))
POSITIONS = (
    ("Dentist", True), ("Orthodontist", True), ("Dental assistant", True), ("Hygienist", True), ("Front desk", False), ("Practice manager", False),
)  # fmt: skip
CHAIRS = ("Chair 1", "Chair 2", "Surgery")
SERVICES = (
    Service("D0120", "Check-up", "Diagnostic", 20, "42.00", None),
    Service("D0140", "Emergency examination", "Diagnostic", 30, "65.00", None),
    Service("D0150", "Comprehensive examination", "Diagnostic", 45, "89.00", None),
    Service("D0330", "Panoramic X-ray", "Diagnostic", 15, "72.50", None),
    Service("D1110", "Professional cleaning, adult", "Preventive", 60, "115.00", None),
    Service("D1120", "Professional cleaning, child", "Preventive", 30, "60.00", None),
    Service("D1206", "Fluoride varnish", "Preventive", 15, "28.00", None),
    Service("D1351", "Fissure sealing", "Preventive", 20, "35.00", "sealed"),
    Service("D2391", "Composite filling, one surface", "Restorative", 30, "95.00", "filled"),
    Service("D2392", "Composite filling, two surfaces", "Restorative", 45, "135.00", "filled"),
    Service("D2644", "Ceramic inlay", "Restorative", 60, "480.00", "inlay"),
    Service("D2740", "Ceramic crown", "Restorative", 90, "780.00", "crown"),
    Service("D2962", "Ceramic veneer", "Restorative", 60, "690.00", "veneer"),
    Service("D3330", "Root canal treatment, molar", "Endodontics", 90, "620.00", "root_canal"),
    Service("D4341", "Periodontal scaling", "Periodontics", 60, "180.00", None),
    Service("D5110", "Complete denture", "Prosthodontics, removable", 60, "1450.00", "prosthesis"),
    Service("D6010", "Implant", "Implant Services", 120, "1850.00", "implant"),
    Service("D6240", "Bridge pontic", "Prosthodontics, fixed", 60, "720.00", "bridge"),
    Service("D7140", "Extraction", "Oral and Maxillofacial Surgery", 30, "85.00", "extracted"),
    Service("D8080", "Orthodontic treatment, consultation", "Orthodontics", 45, "120.00", None),
)  # fmt: skip

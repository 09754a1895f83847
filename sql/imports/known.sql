-- The rows of a file that are in already, with the digest of what they said.
select source_id, digest
from import_row
where source = :source
    and kind = :kind
    and source_id = any (:source_ids::text[])

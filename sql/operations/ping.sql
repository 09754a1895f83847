-- Whether the database answers, and which it is.
select current_setting('server_version') as server_version

-- Whether anybody has a login yet.
select exists (select from dcms_user)

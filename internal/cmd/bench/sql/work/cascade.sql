DELETE FROM parents

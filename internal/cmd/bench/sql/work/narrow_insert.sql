INSERT INTO narrow VALUES ($1, 'name of a new row', 12.5)

UPDATE narrow SET amount = amount WHERE id = $1

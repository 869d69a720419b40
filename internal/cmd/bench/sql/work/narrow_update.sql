UPDATE narrow SET amount = amount + 1 WHERE id = $1

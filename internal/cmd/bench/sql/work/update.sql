UPDATE orders SET total = total + 1 WHERE id = $1

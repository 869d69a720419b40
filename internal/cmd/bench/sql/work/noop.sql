UPDATE orders SET total = total WHERE id = $1

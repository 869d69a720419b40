INSERT INTO orders SELECT * FROM incoming

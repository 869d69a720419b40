INSERT INTO orders
VALUES ($1::bigint, 1 + $1::bigint % 1000, 'new', 10, 1, false, '6c84fb90-12c4-11e1-840d-7b25c5ee775a', 'customer@example.com',
        'Leave the parcel with the neighbours at number 12',
        '{"city": "Uppsala", "street": "Storgatan 12", "carrier": "express", "weight": 1.25, "gift": false, "tags": ["web", "spring"], "tracking": "9e107d9d372bb6826bd81d3542a419d6"}',
        now(), now())

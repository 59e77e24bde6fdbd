module octet

go 1.19

module samples

go 1.19

require octet v0.0.0

replace octet => ../../bindings/go

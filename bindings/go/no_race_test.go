//go:build !race

package octet_test

const raceDetector = false

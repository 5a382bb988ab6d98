package format

import (
	"github.com/fettle-ml/fettle/internal/schema"
)

// parseTime reads a time. The usual form, 2024-05-01T12:30:00.123456Z or with a space for the T, an
// offset for the Z or neither, is read here, many times as fast as by package time; all other forms
// that Fettle knows are left to schema.ParseTime.
func parseTime(text []byte) (micros int64, zoned, ok bool) {
	if micros, zoned, ok = parseUsualTime(text); ok {
		return micros, zoned, true
	}
	micros, zoned, err := schema.ParseTime(string(text))
	return micros, zoned, err == nil
}

func parseUsualTime(text []byte) (micros int64, zoned, ok bool) {
	if len(text) < 19 || text[10] != 'T' && text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return 0, false, false
	}
	days, ok := parseDate(text[:10])
	hour, minute, second := twoDigits(text[11:]), twoDigits(text[14:]), twoDigits(text[17:])
	if !ok || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, false, false
	}
	micros = days*schema.Day + hour*schema.Hour + minute*schema.Minute + second*schema.Second
	fraction, rest := parseFraction(text[19:])
	micros += fraction
	if len(rest) == 0 {
		return micros, false, true
	}
	offset, ok := parseOffset(rest)
	return micros - offset, true, ok
}

// parseOffset reads Z, +01, +0130 and +01:30.
func parseOffset(text []byte) (micros int64, ok bool) {
	if len(text) == 1 && text[0] == 'Z' {
		return 0, true
	}
	if text[0] != '+' && text[0] != '-' || len(text) < 3 {
		return 0, false
	}
	hour, minute := twoDigits(text[1:]), int64(0)
	switch {
	case len(text) == 5:
		minute = twoDigits(text[3:])
	case len(text) == 6 && text[3] == ':':
		minute = twoDigits(text[4:])
	case len(text) != 3:
		return 0, false
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	micros = hour*schema.Hour + minute*schema.Minute
	if text[0] == '-' {
		micros = -micros
	}
	return micros, true
}

// parseFraction reads a point and digits, cut off at the microsecond, and returns what follows.
func parseFraction(text []byte) (micros int64, rest []byte) {
	if len(text) < 2 || text[0] != '.' || text[1] < '0' || text[1] > '9' {
		return 0, text
	}
	unit := schema.Second
	for text = text[1:]; len(text) > 0 && text[0] >= '0' && text[0] <= '9'; text = text[1:] {
		unit /= 10
		micros += int64(text[0]-'0') * unit
	}
	return micros, text
}

// twoDigits returns the number of two digits, or -1. The text is at least two long.
func twoDigits(text []byte) int64 {
	a, b := text[0]-'0', text[1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int64(a)*10 + int64(b)
}

// parseDate reads YYYY-MM-DD as days since the epoch.
func parseDate(text []byte) (days int64, ok bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	century, year := twoDigits(text), twoDigits(text[2:])
	month, day := twoDigits(text[5:]), twoDigits(text[8:])
	if century < 0 || year < 0 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	year += century * 100
	if day > daysIn(year, month) {
		return 0, false
	}
	// Count days from 1 March of the year 0, so that a leap day is the last of its year.
	if month -= 3; month < 0 {
		month, year = month+12, year-1
	}
	era := schema.FloorDiv(year, 400)
	ofEra := year - era*400
	ofYear := (153*month+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

package file_test

import (
	"strings"
	"testing"
)

// TestOps keeps what corrects an id, drops copies of it whatever stands between, and refuses words that
// are no op and corrections of nothing.
func TestOps(t *testing.T) {
	t.Parallel()
	fsys, config := fixture(map[string]string{"a.csv": strings.TrimSpace(`
ts,id,op,n
2024-05-01,x,insert,1
2024-05-02,x,replace,2
2024-05-01,x,,3
2024-05-03,y,delete,4
2024-05-03,y,insert,5
2024-05-04,x,delete,6
2024-05-05,x,replace,7
2024-05-06,z,update,8
2024-05-07,,delete,9
2024-05-08,,,10
2024-05-09,z,Insert,11
`)}, "ts:timestamp id:string op:string n:int64")
	op := 2
	config.EventTime.Zone, config.ID, config.Op, config.MaxBad = "UTC", 1, &op, 3
	rows, report, err := scan(t, fsys, config, 2)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rows, `
0/1 05-01T00:00:00.000000Z x insert 1
0/2 05-02T00:00:00.000000Z x replace 2
0/4 05-03T00:00:00.000000Z y delete 4
0/6 05-04T00:00:00.000000Z x delete 6
0/7 05-05T00:00:00.000000Z x replace 7
0/10 05-08T00:00:00.000000Z null null 10`)
	expect(t, list(report.Quarantined), `
a.csv: row 8, op: bad_op: it is "update", not insert, replace or delete
a.csv: row 9, op: bad_op: a row that is to delete an event has no id
a.csv: row 11, op: bad_op: it is "Insert", not insert, replace or delete`)
	if report.Duplicates != 2 || report.Kept != 6 || report.BadRows != 3 {
		t.Errorf("report %+v", report)
	}
}

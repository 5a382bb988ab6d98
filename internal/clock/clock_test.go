package clock

import (
	"testing"
	"time"
)

func TestFake(t *testing.T) {
	t.Parallel()
	f := NewFake(100)
	if got := f.Advance(5); got != 105 || f.Now() != 105 {
		t.Fatalf("advanced to %d, now %d; want 105", got, f.Now())
	}
	f.Set(7)
	if f.Now() != 7 {
		t.Fatalf("now %d; want 7", f.Now())
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	var c Clock = System{}
	before := time.Now().UnixMicro()
	if now := c.Now(); now < before || now > before+int64(time.Minute/time.Microsecond) {
		t.Fatalf("now %d, the machine said %d", now, before)
	}
}

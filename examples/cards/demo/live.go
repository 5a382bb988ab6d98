package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The hour of the live part: the last payment in the files was made half a day before.
const (
	hour     = "2024-04-14T12:00:00Z"
	card     = "c00579"
	merchant = "m007"
	patience = 30 * time.Second
)

// apply brings the definitions into force.
func (d *demo) apply() error {
	d.say("", "7. The same definitions go live: planned, then applied.")
	output, err := d.fettle(false, "plan")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	d.say("", "  $ fettle plan", "  ...")
	for _, line := range lines[len(lines)-2:] {
		d.say("  " + line)
	}
	output, err = d.fettle(false, "apply", "--yes")
	if err != nil {
		return err
	}
	lines = strings.Split(strings.TrimSpace(string(output)), "\n")
	d.say("", "  $ fettle apply --yes", "  ...", "  "+lines[len(lines)-1])
	return nil
}

// live serves, pushes payments and asks before and after. The values say nothing of the seconds that
// the demo itself takes.
func (d *demo) live() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	server := exec.CommandContext(ctx, d.binary, "serve", "--listen", "127.0.0.1:0", "--clock", hour)
	server.Dir, server.Cancel = d.folder, func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = patience
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	d.say("", "6. A server starts, in the project's past: half a day after the last payment of the files.", "",
		"  $ fettle serve --clock "+hour+" &")
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		cancel()
		_, _ = io.Copy(io.Discard, stdout)
		if stopped := server.Wait(); !errors.Is(stopped, context.Canceled) && stopped != nil && err == nil {
			err = fmt.Errorf("fettle serve: %w", stopped)
		}
	}()
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		return errors.New("fettle serve says nothing")
	}
	url, found := strings.CutPrefix(lines.Text(), "serving at ")
	if !found {
		return errors.New("fettle serve says " + lines.Text())
	}
	if err := d.apply(); err != nil {
		return err
	}
	d.say("", "8. What is known of a card right now:")
	if err := d.ask(); err != nil {
		return err
	}
	d.say("", "   Three payments arrive, one of them twice, and one with an amount that is no number:")
	if err := d.push(ctx, url); err != nil {
		return err
	}
	if err := d.ask(); err != nil {
		return err
	}
	d.say("", "   Every answer is sampled with the moment it was given, and computed again from history.")
	_, err = d.fettle(true, "verify", "--model", "fraud")
	return err
}

// shown are the features of the demo's answers.
var shown = []string{"purchases_1h", "purchases_1d", "spend_1h", "spend_7d", "declines_1d", "amount_vs_mean"}

// ask gets the model's values and prints some of them.
func (d *demo) ask() error {
	args := []string{"get", "fraud", "card_id=" + card, "merchant_id=" + merchant, "--request", "amount=250"}
	output, err := d.fettle(false, append(args, "-o", "json")...)
	if err != nil {
		return err
	}
	var answer struct {
		Values map[string]any
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return fmt.Errorf("read what get says: %w", err)
	}
	d.say("", "  $ fettle "+strings.Join(args, " "), "  ...")
	for _, name := range shown {
		value := answer.Values["card_spend."+name]
		if value == nil {
			value = "null"
		}
		fmt.Fprintf(d.out, "  card_spend.%-16s %v\n", name, value)
	}
	return nil
}

// push sends payments over HTTP, as a payment system would.
func (d *demo) push(ctx context.Context, url string) error {
	token, err := os.ReadFile(filepath.Join(d.folder, ".fettle", "token"))
	if err != nil {
		return err
	}
	lines := []string{
		payment(9000001, "11:40:00", `80.5`, "paid"), payment(9000002, "11:50:00", `19.5`, "paid"),
		payment(9000003, "11:55:00", `400`, "declined"), payment(9000002, "11:50:00", `19.5`, "paid"),
		payment(9000004, "11:56:00", `"a lot"`, "paid"),
	}
	body := strings.Join(lines, "\n")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/events/transactions",
		bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("push: %s: %s", response.Status, answer)
	}
	var result struct {
		Accepted, Duplicates int
		Quarantined          []struct{ Row, Field, Code, Message any }
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("read what push says: %w", err)
	}
	d.say("", "  $ curl -H \"Authorization: Bearer $(cat .fettle/token)\" --data-binary @payments.ndjson \\",
		"      -H 'Content-Type: application/x-ndjson' .../v1/events/transactions")
	fmt.Fprintf(d.out, "  %d accepted, %d duplicate\n", result.Accepted, result.Duplicates)
	for _, bad := range result.Quarantined {
		fmt.Fprintf(d.out, "  quarantined: row %v, %v: %v [%v]\n", bad.Row, bad.Field, bad.Message, bad.Code)
	}
	return nil
}

// payment is one event of the card.
func payment(id int, at, amount, status string) string {
	return fmt.Sprintf(`{"txn_id":%d,"card_id":%q,"group_id":"g1","merchant_id":%q,"amount":%s,`+
		`"country":"FR","channel":"online","status":%q,"ts":"2024-04-14T%sZ"}`, id, card, merchant, amount, status, at)
}

// prove lives through the whole history again, and compares with training.
func (d *demo) prove() error {
	labels, err := os.ReadFile(filepath.Join(d.folder, "data", "labels.csv"))
	if err != nil {
		return err
	}
	few := strings.SplitAfterN(string(labels), "\n", 302)
	if err := os.WriteFile(filepath.Join(d.folder, "some.csv"), []byte(strings.Join(few[:301], "")), 0o600); err != nil {
		return err
	}
	d.say("", "9. The proof. An empty server lives through the history again, event by event, is asked at the",
		"   time of each of 300 labels, and its answers are compared with what training computes.")
	if _, err := d.fettle(true, "verify", "--model", "fraud", "--labels", "some.csv", "--time", "time"); err != nil {
		return err
	}
	d.say("", "10. Why is spend_1h of the card what it is?")
	_, err = d.fettle(true, "why", "card_spend.spend_1h", "card_id="+card, "--at", "2024-04-14T12:00:30Z", "--limit", "3")
	return err
}

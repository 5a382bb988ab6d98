package cli

import "github.com/fettle-ml/fettle/internal/app"

// The parts of SARIF 2.1.0 that a code host reads. Field names are the standard's. Level takes the
// severities of problems as they are, which are words of SARIF too; another severity would need a
// translation here.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// sarifOf turns findings into a log with one run. SARIF has no place for a hint, so it follows the
// message, as in the text form. Results is never nil, since readers refuse a run without the list.
// A problem without a file has no location, and one without a line has no region, which may not
// begin at 0.
func sarifOf(result *app.LintResult, version string) sarifLog {
	run := sarifRun{
		Tool:    sarifTool{Driver: sarifDriver{Name: "fettle", Version: version}},
		Results: []sarifResult{},
	}
	for _, problem := range result.Problems {
		message := problem.Message
		if problem.Hint != "" {
			message += "; " + problem.Hint
		}
		found := sarifResult{
			RuleID: problem.Code, Level: problem.Severity, Message: sarifMessage{Text: message},
		}
		if problem.File != "" {
			place := sarifPhysical{Artifact: sarifArtifact{URI: problem.File}}
			if problem.Line > 0 {
				place.Region = &sarifRegion{StartLine: problem.Line, StartColumn: problem.Column}
			}
			found.Locations = []sarifLocation{{Physical: place}}
		}
		run.Results = append(run.Results, found)
	}
	return sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	}
}

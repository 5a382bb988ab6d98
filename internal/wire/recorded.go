package wire

// Recorded is a test that was made from real data: the answer to WhyRequest with a Test.
type Recorded struct {
	Test   string `json:"test"`
	View   string `json:"view"`
	Events int    `json:"events"`
	Values int    `json:"values"`
	Text   string `json:"text"` // of a definition file
}

package api

// Routes lists every endpoint as METHOD PATH, for tests.
func (a *API) Routes() []string {
	var all []string
	for pattern, methods := range a.routes() {
		for method := range methods {
			all = append(all, method+" "+pattern)
		}
	}
	return all
}

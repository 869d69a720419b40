package exaudit

import (
	"crypto/rand"
	"net"
	"net/http"
)

// RequestIDHeader is where RequestMiddleware looks for the id of a request, and leaves it.
const RequestIDHeader = "X-Request-Id"

// Middleware adds to each request's context the custom data that a function finds in it: who
// is logged in, which route. A request for which it finds nil goes on as it is.
func Middleware(find func(*http.Request) Custom) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if custom := find(r); custom != nil {
				r = r.WithContext(With(r.Context(), custom))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// RequestMiddleware adds to each request's context two keys of custom data.
//
// "request_id" is the header X-Request-Id, if that is 1 to 128 letters, digits and ._:/+=@-,
// and a new random one otherwise. The response has it in the same header, and next finds it
// in the request's.
//
// "remote_addr" is the address of the connection, without port. Behind a proxy, that is the
// proxy's, as long as nothing before this sets RemoteAddr: what a header claims is believed
// by nobody here.
func RequestMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !validRequestID(id) {
			id = rand.Text()
		}
		address, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			address = r.RemoteAddr
		}
		r = r.WithContext(With(r.Context(), Custom{"request_id": id, "remote_addr": address}))
		r.Header = r.Header.Clone()
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set(RequestIDHeader, id)
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r)
	})
}

func validRequestID(id string) bool {
	if len(id) < 1 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '/', c == '+', c == '=', c == '@', c == '-':
		default:
			return false
		}
	}
	return true
}

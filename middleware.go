package exaudit

import (
	"crypto/rand"
	"net"
	"net/http"
)

// RequestIDHeader is the header in which RequestMiddleware looks for the id of a request, and to which it writes the
// id.
const RequestIDHeader = "X-Request-Id"

// Middleware returns a middleware that adds custom data to the context of each request. The function find returns it,
// for example who is logged in, and which route. If find returns nil, the request is passed on as it is.
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

// RequestMiddleware adds two keys of custom data to the context of each request.
//
// "request_id" is the header X-Request-Id, if that consists of 1 to 128 letters, digits and the characters ._:/+=@-.
// Otherwise it is a new random id. The response has it in the same header, and next finds it in the request's header.
//
// "remote_addr" is the address of the connection, without the port. Behind a proxy, it is the address of the proxy,
// unless an outer middleware sets RemoteAddr. RequestMiddleware itself does not trust any header about addresses.
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

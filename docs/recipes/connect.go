package recipes

import (
	"context"

	"connectrpc.com/connect"

	"github.com/exaudit/exaudit"
)

// Interceptor is for connect.WithInterceptors, after the one that authenticates. With
// exaudit.RequestMiddleware around the mux, the request id and the address are there already.
type Interceptor struct{}

func (Interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if !req.Spec().IsClient {
			ctx = exaudit.With(ctx, exaudit.Custom{"method": req.Spec().Procedure})
		}
		return next(ctx, req)
	}
}

func (Interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return next(exaudit.With(ctx, exaudit.Custom{"method": conn.Spec().Procedure}), conn)
	}
}

func (Interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

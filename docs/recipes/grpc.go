package recipes

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/exaudit/exaudit"
)

// grpcCustom is what a gRPC call says about the changes it makes. The caller's name would
// come from wherever the service has authenticated it.
func grpcCustom(ctx context.Context, method string) exaudit.Custom {
	custom := exaudit.Custom{"method": method}
	if ids := metadata.ValueFromIncomingContext(ctx, "x-request-id"); len(ids) == 1 && len(ids[0]) <= 128 {
		custom["request_id"] = ids[0]
	}
	if p, ok := peer.FromContext(ctx); ok {
		custom["remote_addr"] = p.Addr.String()
	}
	return custom
}

// UnaryServerInterceptor is for grpc.ChainUnaryInterceptor, after the one that authenticates.
func UnaryServerInterceptor(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	return handler(exaudit.With(ctx, grpcCustom(ctx, info.FullMethod)), req)
}

type auditedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s auditedStream) Context() context.Context { return s.ctx }

// StreamServerInterceptor is for grpc.ChainStreamInterceptor.
func StreamServerInterceptor(
	srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	ctx := stream.Context()
	return handler(srv, auditedStream{stream, exaudit.With(ctx, grpcCustom(ctx, info.FullMethod))})
}

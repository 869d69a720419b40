package recipes

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/exaudit/exaudit"
)

func customOf(ctx context.Context) exaudit.Custom {
	custom, _ := exaudit.CustomFromContext(ctx)
	return custom
}

func TestGRPC(t *testing.T) {
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("x-request-id", "r1"))
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5}})
	_, err := UnaryServerInterceptor(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/s/m"}, func(ctx context.Context, _ any) (any, error) {
		if c := customOf(ctx); c["method"] != "/s/m" || c["request_id"] != "r1" || c["remote_addr"] != "192.0.2.1:5" {
			t.Errorf("got %v", c)
		}
		return nil, nil
	})
	if err != nil {
		t.Error(err)
	}
	err = StreamServerInterceptor(nil, auditedStream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: "/s/n"}, func(_ any, s grpc.ServerStream) error {
		if c := customOf(s.Context()); c["method"] != "/s/n" {
			t.Errorf("got %v", c)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestConnect(t *testing.T) {
	var got exaudit.Custom
	handler := connect.NewUnaryHandler("/s/m", func(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
		got = customOf(ctx)
		return connect.NewResponse(&emptypb.Empty{}), nil
	}, connect.WithInterceptors(Interceptor{}))
	mux := http.NewServeMux()
	mux.Handle("/s/m", handler)
	server := httptest.NewServer(exaudit.RequestMiddleware(mux))
	defer server.Close()
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](server.Client(), server.URL+"/s/m")
	if _, err := client.CallUnary(context.Background(), connect.NewRequest(&emptypb.Empty{})); err != nil {
		t.Fatal(err)
	}
	if got["method"] != "/s/m" || got["request_id"] == nil || got["remote_addr"] != "127.0.0.1" {
		t.Errorf("got %v", got)
	}
}

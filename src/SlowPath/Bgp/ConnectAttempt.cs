using System.Net;
using System.Net.Sockets;
using Appliance.Bgp;
using Appliance.Shared;

namespace Appliance.SlowPath.Bgp;

/// <summary>A connection that we begin: a socket as its neighbour wants it, and so many seconds for the other side to answer.</summary>
internal sealed class ConnectAttempt(string neighbor, IPEndPoint remote, TransportOptions options)
{
    /// <summary>The machine gives an attempt up after 15 s without a word: this is shorter, so that the operator hears why.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private volatile Socket? connecting;
    private volatile bool cancelled;

    /// <summary>The neighbour's name.</summary>
    public string Neighbor => neighbor;

    /// <summary>Gives up: what comes of it is thrown away.</summary>
    public void Cancel()
    {
        cancelled = true;
        connecting?.Dispose();
    }

    /// <summary>Connects: a socket, or a sentence that says why there is none; neither when it was given up.</summary>
    public async Task<(Socket? Socket, string Why)> ConnectAsync()
    {
        Socket? socket = null;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            connecting = socket = Prepare();
            await socket.ConnectAsync(remote, limit.Token);
            if (!cancelled) return (socket, "");
        }
        catch (OperationCanceledException)
        {
            socket?.Dispose();
            return (null, Silence(remote, options));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            socket?.Dispose();
            return (null, $"connecting to {remote}: {exception.Message}");
        }

        socket.Dispose();
        return (null, "given up");
    }

    /// <summary>What a neighbour that does not answer at all may be about: its kernel drops segments with another key, or without one, and says nothing (RFC 2385 §2).</summary>
    internal static string Silence(IPEndPoint remote, TransportOptions options) =>
        $"{remote} did not answer in {Patience.TotalSeconds:0} s{(options.Md5Key is null ? "" : ": compare the TCP-MD5 keys of both sides, if it can be reached")}";

    private Socket Prepare()
    {
        var socket = TcpOptions.Open(remote.AddressFamily);
        try
        {
            TcpOptions.SetTtl(socket, options.Ttl);
            if (options.MinimumTtl > 0) TcpOptions.SetMinimumTtl(socket, options.MinimumTtl);
            if (options.Device.Length > 0) TcpOptions.SetDevice(socket, options.Device);
            if (options.Md5Key is { } key) TcpOptions.SetMd5Key(socket, new IPNetwork(remote.Address, remote.Address.GetAddressBytes().Length * 8), key);
            if (options.Local is { } local) socket.Bind(new IPEndPoint(local, 0));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Bgp;

/// <summary>
/// A neighbour of the speaker that is measured: opens a session by hand (RFC 4271, 4-octet AS, IPv4 unicast), sends octets that were made before, and reads whatever comes. Not the product's own
/// speaker, so that what is measured does not measure itself.
/// </summary>
internal sealed class Neighbor : IDisposable
{
    private const int HoldSeconds = 600;
    private readonly Socket socket;
    private readonly Thread reader;
    private readonly uint asn;

    private Neighbor(BgpLink link, int number)
    {
        asn = BgpLink.NeighborAs(number);
        var address = IPAddress.Parse(BgpLink.NeighborAddress(number));
        socket = link.Neighbors.Ask(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000, SendTimeout = 120_000 });
        reader = new Thread(Drain) { IsBackground = true, Name = "neighbor" };
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            socket.Connect(new IPEndPoint(IPAddress.Parse(BgpLink.Speaker), 179));
            socket.Send(Open(BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())));
            Expect(1);
            socket.Send(Message(4, []));
            Expect(4);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        socket.ReceiveTimeout = 0;
        reader.Start();
        link.Own(this);
    }

    /// <summary>Connects until the session is established: a speaker that starts may refuse the first time.</summary>
    /// <exception cref="IOException">The other side does not open a session.</exception>
    public static Neighbor Establish(BgpLink link, int number)
    {
        const int Attempts = 40;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new Neighbor(link, number);
            }
            catch (Exception exception) when (exception is IOException or SocketException && attempt < Attempts)
            {
                Thread.Sleep(500);
            }
        }
    }

    /// <summary>Sends octets; returns when the kernel has them.</summary>
    public void Send(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty) octets = octets[socket.Send(octets)..];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        reader.Join();
    }

    private byte[] Open(uint identifier)
    {
        var body = new byte[10 + 2 + 6 + 6];
        body[0] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(1), (ushort)asn);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(3), HoldSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(5), identifier);
        body[9] = 14;
        (body[10], body[11]) = (2, 12);
        ((byte[])[1, 4, 0, 1, 0, 1, 65, 4]).CopyTo(body, 12);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(20), asn);
        return Message(1, body);
    }

    private static byte[] Message(byte type, byte[] body)
    {
        var message = new byte[19 + body.Length];
        message.AsSpan(0, 16).Fill(0xff);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(16), (ushort)message.Length);
        message[18] = type;
        body.CopyTo(message, 19);
        return message;
    }

    private void Expect(byte type)
    {
        var header = new byte[19];
        Read(header);
        var body = new byte[Math.Max(0, BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16)) - header.Length)];
        Read(body);
        if (header[18] != type) throw new IOException($"message {header[18]} ({Convert.ToHexString(body)}) instead of {type}");
    }

    private void Read(Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            var got = socket.Receive(into);
            if (got == 0) throw new IOException("the other side closed the session");
            into = into[got..];
        }
    }

    private void Drain()
    {
        var buffer = new byte[65536];
        try
        {
            while (socket.Receive(buffer) > 0)
            {
                // What the speaker says does not matter here.
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end of the run.
        }
    }
}

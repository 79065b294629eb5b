using System.Buffers.Binary;
using System.Text.Json;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>An exchange of charon with charon: its datagrams, and the keys that the initiator's charon logged (record.sh, extract.py).</summary>
internal sealed class Recording
{
    private readonly List<(string Name, byte[] Octets)> values = [];

    public Recording(string name)
    {
        using var stream = typeof(Recording).Assembly.GetManifestResourceStream($"{name}.json")!;
        using var json = JsonDocument.Parse(stream);
        Datagrams = [.. json.RootElement.GetProperty("datagrams").EnumerateArray().Select(d => Convert.FromHexString(d.GetString()!))];
        values.AddRange(json.RootElement.GetProperty("values").EnumerateArray().Select(v => (v[0].GetString()!, Convert.FromHexString(v[1].GetString()!))));
    }

    public IReadOnlyList<byte[]> Datagrams { get; }

    /// <summary>What was logged under a name for the nth time, from 0; nothing when it was not.</summary>
    public byte[] Value(string name, int n = 0) => values.Where(v => v.Name == name).Select(v => v.Octets).ElementAtOrDefault(n) ?? [];

    /// <summary>The nth datagram of an exchange, from 0: request, response, request, …</summary>
    public byte[] Message(ExchangeType exchange, int n) => Datagrams.Where(d => d[18] == (byte)exchange).ElementAt(n);

    public static ulong InitiatorSpi(byte[] datagram) => BinaryPrimitives.ReadUInt64BigEndian(datagram);

    public static ulong ResponderSpi(byte[] datagram) => BinaryPrimitives.ReadUInt64BigEndian(datagram.AsSpan(8));

    /// <summary>Body of the first payload of a type in a chain; by hand, so that this judges nothing by our own reader.</summary>
    public static byte[] Body(PayloadType first, ReadOnlySpan<byte> chain, PayloadType wanted)
    {
        for (var type = first; type != PayloadType.None;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(chain[2..]);
            if (type == wanted) return chain[4..length].ToArray();
            type = (PayloadType)chain[0];
            chain = chain[length..];
        }

        throw new InvalidOperationException($"no {wanted}");
    }

    public static byte[] Body(byte[] clearDatagram, PayloadType wanted) => Body((PayloadType)clearDatagram[16], clearDatagram.AsSpan(28), wanted);
}

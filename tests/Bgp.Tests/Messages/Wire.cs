using Appliance.Bgp;

namespace Appliance.Bgp.Tests.Messages;

/// <summary>What the tests of messages share: octets from text, whole messages taken apart.</summary>
internal static class Wire
{
    public static UpdateOptions Internal => new() { FourOctetAs = true, Families = FamilySet.Of(Family.All) };

    public static UpdateOptions External => Internal with { IsExternal = true };

    /// <summary>Octets of hexadecimal digits; spaces do not count.</summary>
    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal));

    /// <summary>A body of UPDATE: withdrawn routes, attributes, NLRI as hexadecimal digits.</summary>
    public static byte[] Update(string withdrawn, string attributes, string nlri)
    {
        var (a, b, c) = (Hex(withdrawn), Hex(attributes), Hex(nlri));
        return [(byte)(a.Length >> 8), (byte)a.Length, .. a, (byte)(b.Length >> 8), (byte)b.Length, .. b, .. c];
    }

    /// <summary>Takes octets apart into messages.</summary>
    public static List<(MessageHeader Header, byte[] Body)> Split(ReadOnlySpan<byte> octets, int maximum = MessageHeader.ExtendedLength)
    {
        var all = new List<(MessageHeader, byte[])>();
        while (MessageHeader.TryNext(ref octets, maximum, out var header, out var body, out var error)) all.Add((header, body.ToArray()));
        Xunit.Assert.True(octets.IsEmpty, "messages that are whole");
        return all;
    }

    public static List<Nlri> List(NlriReader reader)
    {
        var all = new List<Nlri>();
        foreach (var nlri in reader) all.Add(nlri);
        return all;
    }

    public static Nlri Route(string prefix, uint path = 0) => Prefix.TryParse(prefix, out var parsed) ? new Nlri(parsed, PathId: path) : throw new ArgumentException(prefix);
}

using System.Net;

namespace Appliance.Wire.Tests;

public sealed class EthernetMulticastTests
{
    [Theory]
    [InlineData("239.129.2.3", "01-00-5E-01-02-03")]
    [InlineData("224.0.1.1", "01-00-5E-00-01-01")]
    [InlineData("ff08::1:ff00:1234", "33-33-FF-00-12-34")]
    [InlineData("ff3e::8000:1", "33-33-80-00-00-01")]
    public void Rfc1112_6_4_and_Rfc2464_7_The_address_of_a_group(string group, string ethernet)
    {
        var address = IPAddress.Parse(group).GetAddressBytes();
        var frame = new byte[54];
        Convert.FromHexString(ethernet.Replace("-", "", StringComparison.Ordinal)).CopyTo(frame, 0);
        var v4 = address.Length == 4;
        (frame[12], frame[13]) = v4 ? ((byte)8, (byte)0) : ((byte)0x86, (byte)0xdd);
        address.CopyTo(frame, v4 ? 30 : 38);
        Assert.True(EthernetMulticast.IsOf(frame));
        var made = v4 ? EthernetMulticast.OfV4(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address)) : EthernetMulticast.OfV6(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(address.AsSpan(8)));
        Assert.Equal(frame[..6], BitConverter.GetBytes(made)[..6]);
        for (var at = 0; at < 6; at++)
        {
            var other = (byte[])frame.Clone();
            other[at] ^= 1;
            Assert.False(EthernetMulticast.IsOf(other));
        }

        for (var length = 0; length < (v4 ? 34 : 54); length++) Assert.False(EthernetMulticast.IsOf(frame.AsSpan(0, length)));
        frame[v4 ? 30 : 38] = 10;
        Assert.False(EthernetMulticast.IsOf(frame));
    }
}

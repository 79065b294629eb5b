using System.Buffers.Binary;
using Appliance.Fuzz.Engine;
using Appliance.Fuzz.Targets;
using Appliance.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Fuzz;

/// <summary>Inputs that are right in themselves, which mutation seldom makes: FsCheck builds them and shrinks what fails.</summary>
public class FuzzProperties
{
    private static readonly byte[] Extensions = [IpProtocol.HopByHop, IpProtocol.Routing, IpProtocol.DestinationOptions, IpProtocol.Fragment];

    [Fact]
    public void Rfc8200_4_1_EveryChainOfExtensionHeadersIsReadToItsEnd()
    {
        var header = from kind in Gen.Elements(1, 2) from units in Gen.Choose(0, 5) select (Kind: Extensions[kind], Units: units);
        var chain = from hopByHop in Gen.Elements(true, false) from rest in Gen.ListOf(header) where rest.Count < Ipv6Extensions.Maximum - 1 select (hopByHop, rest: rest.ToArray());
        Prop.ForAll(chain.ToArbitrary(), made =>
        {
            var headers = made.hopByHop ? [(IpProtocol.HopByHop, 1), .. made.rest] : made.rest;
            var packet = Build(headers, out var upper);
            return PacketFields.TryRead(packet, out var fields) && fields.Protocol == IpProtocol.Udp && fields.HeaderLength == upper && fields.DestinationPort == 0x5678;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Rfc4303_EveryPacketComesBackThroughEverySa()
    {
        var input = from slot in Gen.Choose(0, EspBench.Count - 1) from size in Gen.Choose(0, 1400) from v6 in Gen.Elements(true, false) select (slot, size, v6);
        var outbound = EspTargets.List.First(t => t.Name == "esp-outbound");
        Prop.ForAll(input.ToArbitrary(), made =>
        {
            var (slot, size, v6) = made;
            var packet = v6 ? Build([], out _, size) : new byte[28 + size];
            if (!v6) Ipv4Header.TryWrite(packet, packet.Length, IpProtocol.Udp, 0x0a010002, 0x0a020002, 0, 64, 7, 0);
            byte[] octets = [(byte)slot, .. packet];
            outbound.Body(octets);
            return true;
        }).QuickCheckThrowOnFailure();
    }

    private static byte[] Build((byte Kind, int Units)[] headers, out int upper, int payload = 4)
    {
        upper = Ipv6View.HeaderLength + headers.Sum(h => 8 * (h.Units + 1));
        var packet = new byte[upper + 8 + payload];
        packet[0] = 0x60;
        packet[7] = 64;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - Ipv6View.HeaderLength));
        var (named, at) = (6, Ipv6View.HeaderLength);
        foreach (var (kind, units) in headers)
        {
            packet[named] = kind;
            packet[at + 1] = (byte)units;
            (named, at) = (at, at + 8 * (units + 1));
        }

        packet[named] = IpProtocol.Udp;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(at), 0x12345678);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(at + 4), (ushort)(8 + payload));
        return packet;
    }
}

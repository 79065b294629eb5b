using Appliance.Fuzz.Engine;
using Appliance.TcpAo;
using Appliance.Wire;

namespace Appliance.Fuzz.Targets;

/// <summary>Segments with TCP-AO: whatever the options say, what is found lies in the header, and a segment is right under its own MAC alone.</summary>
internal static class TcpAoTargets
{
    private static readonly SegmentMac[] Macs = [new(TcpAoAlgorithm.HmacSha1, new byte[20]), new(TcpAoAlgorithm.AesCmac, new byte[16]), new(TcpAoAlgorithm.HmacSha256, new byte[32])];
    private static readonly byte[] Address = new byte[16];

    public static IReadOnlyList<FuzzTarget> List { get; } = [new("tcp-ao", Segment) { AllocationLimit = 16 << 10 }];

    private static void Segment(Span<byte> octets)
    {
        if (!TcpView.TryParse(octets, out var view) || TcpAoOption.Find(view, out var option) != TcpAoPresence.Present) return;
        Claim.That(option.Offset >= TcpView.MinimumHeaderLength && option.Offset + option.Length <= view.HeaderLength && option.MacLength > 0, "the option lies in the header");
        Claim.That(octets[option.Offset] == TcpAoOption.Kind && octets[option.Offset + 1] == option.Length, "the option is where it says");
        var address = Address.AsSpan(0, (octets[0] & 1) == 0 ? 4 : 16);
        foreach (var mac in Macs)
        {
            foreach (var covers in (ReadOnlySpan<bool>)[true, false])
            {
                if (option.MacLength != TcpAoLengths.Mac)
                {
                    Claim.That(!mac.IsRight(address, address, 0, octets, option, covers), "a MAC of another length is wrong");
                    continue;
                }

                var place = octets.Slice(option.MacOffset, option.MacLength);
                mac.Compute(address, address, 7, octets, option, covers, place);
                Claim.That(mac.IsRight(address, address, 7, octets, option, covers), "right under its own MAC");
                place[0] ^= 1;
                Claim.That(!mac.IsRight(address, address, 7, octets, option, covers), "wrong under another");
            }
        }
    }
}

using Appliance.Wire;

namespace Appliance.TcpAo;

/// <summary>What the options of a segment say of its authentication.</summary>
public enum TcpAoPresence : byte
{
    /// <summary>Neither TCP-AO nor TCP-MD5.</summary>
    Absent,

    /// <summary>TCP-AO, once.</summary>
    Present,

    /// <summary>To be discarded (RFC 5925 §2.2): TCP-AO twice, together with TCP-MD5, too short, or options that do not end where the header does.</summary>
    Malformed,
}

/// <summary>The TCP-AO option (RFC 5925 §2.2) where it stands in a segment.</summary>
/// <param name="Offset">Of its kind octet, from the start of the TCP header.</param>
/// <param name="MacLength">Octets of its MAC.</param>
/// <param name="KeyId">Key that the sender used.</param>
/// <param name="RNextKeyId">Key that the sender would like to receive by.</param>
public readonly record struct TcpAoOption(int Offset, int MacLength, byte KeyId, byte RNextKeyId)
{
    /// <summary>Kind octets of TCP-AO and TCP-MD5 (RFC 2385).</summary>
    public const byte Kind = 29, Md5Kind = 19;

    /// <summary>Octets in front of the MAC: kind, length, KeyID, RNextKeyID.</summary>
    public const int HeaderLength = 4;

    /// <summary>Of the MAC, from the start of the TCP header.</summary>
    public int MacOffset => Offset + HeaderLength;

    /// <summary>Octets of the whole option.</summary>
    public int Length => HeaderLength + MacLength;

    /// <summary>Looks for it in a segment that starts at its TCP header. Every option is looked at: what stands behind the end of options is none.</summary>
    public static TcpAoPresence Find(TcpView segment, out TcpAoOption option)
    {
        option = default;
        var options = segment.Options;
        var (found, hasMd5) = (false, false);
        for (var at = 0; at < options.Length && options[at] != 0;)
        {
            if (options[at] == 1)
            {
                at++;
                continue;
            }

            if (at + 2 > options.Length || options[at + 1] < 2 || at + options[at + 1] > options.Length) return TcpAoPresence.Malformed;
            int length = options[at + 1];
            hasMd5 |= options[at] == Md5Kind;
            if (options[at] == Kind)
            {
                if (found || length <= HeaderLength) return TcpAoPresence.Malformed;
                found = true;
                option = new TcpAoOption(TcpView.MinimumHeaderLength + at, length - HeaderLength, options[at + 2], options[at + 3]);
            }

            at += length;
        }

        return found && hasMd5 ? TcpAoPresence.Malformed : found ? TcpAoPresence.Present : TcpAoPresence.Absent;
    }
}

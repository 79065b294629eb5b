using System.Buffers;
using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>Cuts whole messages out of a stream, by marker and length alone. What they say is the machine's.</summary>
public static class MessageFramer
{
    /// <summary>
    /// How many octets at the front are whole messages. Where a marker or a length cannot be, <paramref name="isBroken"/> is true and the answer is everything there is: the machine is
    /// to see the header and say what is wrong, and nothing that comes behind means anything.
    /// </summary>
    /// <param name="buffer">What came and was not yet taken.</param>
    /// <param name="most">Octets after which no further message is begun; at least one message is taken when it is there.</param>
    /// <param name="isBroken">No message can be made out any more.</param>
    public static long Cut(in ReadOnlySequence<byte> buffer, long most, out bool isBroken)
    {
        isBroken = false;
        Span<byte> copy = stackalloc byte[MessageHeader.Size];
        var left = buffer.Length;
        long whole = 0;
        while (left - whole >= MessageHeader.Size && whole < most)
        {
            var here = buffer.Slice(whole, MessageHeader.Size);
            here.CopyTo(copy);
            var length = BinaryPrimitives.ReadUInt16BigEndian(copy[16..]);
            if (!MessageHeader.HasMarker(copy) || length < MessageHeader.Size)
            {
                isBroken = true;
                return left;
            }

            if (left - whole < length) break;
            whole += length;
        }

        return whole;
    }
}

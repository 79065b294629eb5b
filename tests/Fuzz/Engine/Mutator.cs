using System.Buffers.Binary;
using System.Text;

namespace Appliance.Fuzz.Engine;

/// <summary>Makes inputs out of a corpus. The same seed and corpus make the same input.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int maximumLength, IReadOnlyList<string> words)
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 19, 20, 21, 27, 28, 31, 32, 39, 40, 41, 48, 59, 60, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 576, 1023, 1024, 1279, 1280, 1281,
        1499, 1500, 1501, 2047, 2048, 4095, 4096, 8191, 9000, 16383, 16384, 32767, 32768, 65534, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
        0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
    ];

    private readonly byte[] buffer = new byte[maximumLength];
    private readonly byte[][] dictionary = [.. words.Select(Encoding.UTF8.GetBytes)];
    private int length;

    /// <summary>The input for a seed; valid until the next call.</summary>
    public ReadOnlySpan<byte> Make(ulong seed)
    {
        var random = new FuzzRandom(seed);
        Load(ref random);
        var steps = 1 << random.Below(5);
        for (var i = 0; i < steps; i++) Step(ref random);
        return buffer.AsSpan(0, length);
    }

    private void Load(ref FuzzRandom random)
    {
        if (corpus.Count == 0 || random.Below(64) == 0)
        {
            length = random.Below(Math.Min(maximumLength, 256) + 1);
            for (var i = 0; i < length; i++) buffer[i] = (byte)random.Next();
            return;
        }

        var seed = corpus[random.Below(corpus.Count)];
        length = Math.Min(seed.Length, maximumLength);
        seed.AsSpan(0, length).CopyTo(buffer);
    }

    private void Step(ref FuzzRandom random)
    {
        switch (random.Below(dictionary.Length > 0 ? 13 : 10))
        {
            case 0 when length > 0: buffer[random.Below(length)] ^= (byte)(1 << random.Below(8)); break;
            case 1 when length > 0: buffer[random.Below(length)] = (byte)random.Next(); break;
            case 2 when length > 0: buffer[random.Below(length)] = (byte)Interesting[random.Below(Interesting.Length)]; break;
            case 3: SetInteger(ref random); break;
            case 4: length = random.Below(length + 1); break;
            case 5: Remove(ref random); break;
            case 6: Repeat(ref random); break;
            case 7: Splice(ref random); break;
            case 8: AddToInteger(ref random); break;
            case 9: Swap(ref random); break;
            default: InsertWord(ref random); break;
        }
    }

    private void SetInteger(ref FuzzRandom random)
    {
        var width = 1 << (1 + random.Below(3));
        if (length < width) return;
        var at = buffer.AsSpan(random.Below(length - width + 1), width);
        var value = Interesting[random.Below(Interesting.Length)];
        if (random.Below(4) == 0) value = BinaryPrimitives.ReverseEndianness(value) >> (64 - 8 * width);
        for (var i = 0; i < width; i++) at[i] = (byte)(value >> (8 * (width - 1 - i)));
    }

    private void AddToInteger(ref FuzzRandom random)
    {
        if (length < 2) return;
        var at = buffer.AsSpan(random.Below(length - 1), 2);
        BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(at) + random.Below(65) - 32));
    }

    private void Remove(ref FuzzRandom random)
    {
        if (length == 0) return;
        var from = random.Below(length);
        var count = 1 + random.Below(Math.Min(length - from, 64));
        buffer.AsSpan(from + count, length - from - count).CopyTo(buffer.AsSpan(from));
        length -= count;
    }

    private void Repeat(ref FuzzRandom random)
    {
        if (length == 0) return;
        var from = random.Below(length);
        var count = 1 + random.Below(Math.Min(length - from, 64));
        Insert(random.Below(length + 1), buffer.AsSpan(from, count).ToArray());
    }

    private void Splice(ref FuzzRandom random)
    {
        if (corpus.Count == 0) return;
        var other = corpus[random.Below(corpus.Count)];
        if (other.Length == 0) return;
        var from = random.Below(other.Length);
        var count = 1 + random.Below(other.Length - from);
        if (random.Below(2) == 0)
        {
            Insert(random.Below(length + 1), other.AsSpan(from, Math.Min(count, 128)));
            return;
        }

        // The head of this one and the tail of the other.
        length = Math.Min(length, from);
        var tail = other.AsSpan(from, Math.Min(count, maximumLength - length));
        tail.CopyTo(buffer.AsSpan(length));
        length += tail.Length;
    }

    private void Swap(ref FuzzRandom random)
    {
        if (length < 2) return;
        var (a, b) = (random.Below(length), random.Below(length));
        (buffer[a], buffer[b]) = (buffer[b], buffer[a]);
    }

    private void InsertWord(ref FuzzRandom random)
    {
        if (dictionary.Length == 0) return;
        var word = dictionary[random.Below(dictionary.Length)];
        var at = random.Below(length + 1);
        if (random.Below(2) == 0 && at + word.Length <= length) word.CopyTo(buffer.AsSpan(at));
        else Insert(at, word);
    }

    private void Insert(int at, ReadOnlySpan<byte> octets)
    {
        var room = Math.Min(octets.Length, maximumLength - length);
        buffer.AsSpan(at, length - at).CopyTo(buffer.AsSpan(at + room));
        octets[..room].CopyTo(buffer.AsSpan(at));
        length += room;
    }
}

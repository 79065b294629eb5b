using Microsoft.Win32.SafeHandles;

namespace Appliance.PacketIo.Bpf;

/// <summary>What a map is (linux/bpf.h).</summary>
public enum BpfMapType : uint
{
    /// <summary>Keys of any size.</summary>
    Hash = 1,

    /// <summary>Indexed from 0.</summary>
    Array = 2,

    /// <summary>Longest-prefix match: a key is a length in bits and an address.</summary>
    LpmTrie = 11,

    /// <summary>AF_XDP sockets by queue.</summary>
    XskMap = 17,
}

/// <summary>A BPF map, held by its descriptor (close-on-exec).</summary>
public sealed unsafe class BpfMap : IDisposable
{
    private readonly SafeFileHandle handle;
    private readonly int keySize;
    private readonly int valueSize;

    private BpfMap(int descriptor, int keySize, int valueSize)
    {
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        this.keySize = keySize;
        this.valueSize = valueSize;
    }

    /// <summary>The descriptor, to hand to another process.</summary>
    public int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>Makes a map; sizes in octets.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static BpfMap Create(string name, BpfMapType type, int keySize, int valueSize, int entries)
    {
        var attributes = default(BpfAttributes);
        attributes.Set(0, (uint)type);
        attributes.Set(4, (uint)keySize);
        attributes.Set(8, (uint)valueSize);
        attributes.Set(12, (uint)entries);
        if (type == BpfMapType.LpmTrie) attributes.Set(16, BpfCall.NoPreallocation);
        attributes.SetName(28, name);
        var result = BpfCall.Try(BpfCall.MapCreate, ref attributes);
        return result >= 0 ? new BpfMap(result, keySize, valueSize)
            : throw new IOException($"cannot make the BPF map '{name}': {Libc.Describe(-result)}. {Hint(-result)}");
    }

    /// <summary>Takes over a descriptor that another process handed down.</summary>
    public static BpfMap Own(int descriptor, int keySize, int valueSize) => new(descriptor, keySize, valueSize);

    /// <summary>Writes an entry; 0 or the error number.</summary>
    public int Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.Length != valueSize) throw new ArgumentException("size of the value", nameof(value));
        fixed (byte* v = value) return Call(BpfCall.MapUpdate, key, v);
    }

    /// <summary>Reads an entry; 0 or the error number.</summary>
    public int Lookup(ReadOnlySpan<byte> key, Span<byte> value)
    {
        if (value.Length != valueSize) throw new ArgumentException("size of the value", nameof(value));
        fixed (byte* v = value) return Call(BpfCall.MapLookup, key, v);
    }

    /// <summary>Removes an entry; 0 or the error number.</summary>
    public int Delete(ReadOnlySpan<byte> key) => Call(BpfCall.MapDelete, key, null);

    /// <summary>All keys that are in it now, one after the other.</summary>
    public IReadOnlyList<byte[]> Keys()
    {
        var keys = new List<byte[]>();
        var next = new byte[keySize];
        while (true)
        {
            var found = new byte[keySize];
            fixed (byte* to = found)
            {
                if (Call(BpfCall.MapNextKey, keys.Count == 0 ? default : next, to) != 0) return keys;
            }

            keys.Add(found);
            next = found;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    internal static string Hint(int error) => error == 1
        ? "Run as root (CAP_BPF and CAP_NET_ADMIN)."
        : "The kernel must be 6.1 or newer, with CONFIG_BPF_SYSCALL and CONFIG_XDP_SOCKETS.";

    private int Call(int command, ReadOnlySpan<byte> key, byte* value)
    {
        if (key.Length != keySize && !(key.IsEmpty && command == BpfCall.MapNextKey)) throw new ArgumentException("size of the key", nameof(key));
        var attributes = default(BpfAttributes);
        fixed (byte* k = key)
        {
            attributes.Set(0, (uint)Descriptor);
            attributes.Set(8, k);
            attributes.Set(16, value);
            var result = BpfCall.Try(command, ref attributes);
            return result < 0 ? -result : 0;
        }
    }
}

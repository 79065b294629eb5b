namespace Appliance.Bgp;

/// <summary>
/// An array of structs that grows in pieces: nothing is copied once there is more than one piece, and what is reserved in vain is at most a piece. Index 0 stands for "none" with whoever
/// uses it. Small tables stay small: the first piece begins with 16 elements.
/// </summary>
internal sealed class Chunks<T>
    where T : struct
{
    private const int Bits = 12;
    private const int Size = 1 << Bits;
    private const int First = 16;
    private T[][] chunks = [new T[First]];
    private int used = 1;

    /// <summary>Elements that there is room for.</summary>
    public int Capacity { get; private set; } = First;

    /// <summary>An element, in place.</summary>
    public ref T this[int index] => ref chunks[index >> Bits][index & (Size - 1)];

    /// <summary>Makes room for an index.</summary>
    public void Reach(int index)
    {
        while (index >= Capacity)
        {
            if (Capacity < Size)
            {
                Array.Resize(ref chunks[0], Capacity * 2);
                Capacity *= 2;
                continue;
            }

            if (used == chunks.Length) Array.Resize(ref chunks, used * 2);
            chunks[used++] = new T[Size];
            Capacity += Size;
        }
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear()
    {
        chunks = [new T[First]];
        used = 1;
        Capacity = First;
    }
}

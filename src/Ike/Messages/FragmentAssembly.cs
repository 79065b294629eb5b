namespace Appliance.Ike.Messages;

/// <summary>
/// Puts one message together from its fragments (RFC 7383 §2.6). Each fragment is decrypted and authenticated before it is added; <see cref="Wants"/> says before that whether it is
/// worth the work. Bounded in fragments and octets. One object for each message ID and direction.
/// </summary>
public sealed class FragmentAssembly
{
    private byte[]?[] parts = [];
    private int present;
    private int octets;
    private bool complete;

    /// <summary>Type of the first payload of the whole; of use when <see cref="Add"/> gave it.</summary>
    public PayloadType First { get; private set; }

    /// <summary>How many fragments are there.</summary>
    public int Count => present;

    /// <summary>Numbers that can be (§2.5), within <see cref="MessageTuning.MaximumFragments"/>.</summary>
    public static bool IsPossible(ushort number, ushort total) => number >= 1 && number <= total && total <= MessageTuning.MaximumFragments;

    /// <summary>
    /// Whether a fragment is new: not one of those that are there already, not of a division into fewer fragments, not of a message that is complete. What is not wanted is
    /// discarded in silence before it is decrypted.
    /// </summary>
    public bool Wants(ushort number, ushort total) =>
        !complete && IsPossible(number, total) && total >= parts.Length && (total > parts.Length || parts[number - 1] == null);

    /// <summary>
    /// Adds an authenticated fragment. A greater total than before means that the peer divided the message anew: what was there is forgotten.
    /// </summary>
    /// <param name="number">From 1.</param>
    /// <param name="total">Fragments of the message.</param>
    /// <param name="first">Type of the first payload; counts in fragment 1 alone (§2.5).</param>
    /// <param name="plaintext">Its decrypted content; kept.</param>
    /// <returns>The content of all fragments when this was the one that lacked, else null.</returns>
    public byte[]? Add(ushort number, ushort total, PayloadType first, byte[] plaintext)
    {
        ArgumentNullException.ThrowIfNull(plaintext);
        if (!Wants(number, total)) return null;
        if (total > parts.Length) StartOver(total);
        if (octets + plaintext.Length > MessageTuning.MaximumMessage) return null;
        parts[number - 1] = plaintext;
        octets += plaintext.Length;
        if (number == 1) First = first;
        if (++present < parts.Length) return null;
        var whole = new byte[octets];
        var at = 0;
        foreach (var part in parts)
        {
            part!.CopyTo(whole, at);
            at += part!.Length;
            // Keys may be in it (MPSA_PUT).
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(part);
        }

        complete = true;
        parts = [];
        return whole;
    }

    private void StartOver(int total) => (parts, present, octets, First) = (new byte[total][], 0, 0, PayloadType.None);
}

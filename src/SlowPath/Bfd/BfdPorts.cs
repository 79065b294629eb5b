namespace Appliance.SlowPath.Bfd;

/// <summary>BFD's ports.</summary>
/// <param name="SingleHop">To a neighbour on the same link.</param>
/// <param name="Multihop">To one behind routers.</param>
internal sealed record BfdPorts(int SingleHop, int Multihop)
{
    /// <summary>RFC 5881 §4, RFC 5883 §5.</summary>
    public static BfdPorts Standard { get; } = new(3784, 4784);

    /// <summary>The port of a kind of session.</summary>
    public int Of(bool isMultihop) => isMultihop ? Multihop : SingleHop;
}

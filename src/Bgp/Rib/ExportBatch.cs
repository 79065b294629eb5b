namespace Appliance.Bgp;

/// <summary>What an <see cref="ExportBatch"/> says.</summary>
public enum ExportKind : byte
{
    /// <summary>Routes with these attributes.</summary>
    Announce,

    /// <summary>Routes are gone.</summary>
    Withdraw,

    /// <summary>All routes of the family that there were when the session began are said (RFC 4724 §2).</summary>
    EndOfRib,

    /// <summary>All routes that the neighbour asked for again are said (RFC 7313 §4: EoRR, where that was negotiated).</summary>
    EndOfRefresh,
}

/// <summary>What is to be said to a neighbour next, in one or several messages.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Family">Of which family.</param>
/// <param name="Attributes">Of <see cref="ExportKind.Announce"/>: as they shall be on the wire; the next hop may be of the other family (RFC 8950). Else null.</param>
/// <param name="Nlri">Which routes, 1024 at most, with path identifiers when ADD-PATH is sent; valid until the next call for the same neighbour.</param>
public readonly record struct ExportBatch(ExportKind Kind, Family Family, PathAttributes? Attributes, ReadOnlyMemory<Nlri> Nlri);

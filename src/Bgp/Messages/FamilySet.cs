namespace Appliance.Bgp;

/// <summary>A set of the families that are spoken here (<see cref="Family.All"/>), as a word of bits.</summary>
public readonly record struct FamilySet
{
    private readonly byte bits;

    private FamilySet(int bits) => this.bits = (byte)bits;

    /// <summary>No family.</summary>
    public static FamilySet None => default;

    /// <summary>Nothing is in it.</summary>
    public bool IsEmpty => bits == 0;

    /// <summary>The families; those that are not spoken here are left out.</summary>
    public static FamilySet Of(IEnumerable<Family> families) => families.Aggregate(None, (set, family) => set.With(family));

    /// <summary>Place of a family in <see cref="Family.All"/>, or -1.</summary>
    public static int IndexOf(Family family) => (family.Afi, family.Safi) switch
    {
        (1, 1) => 0,
        (2, 1) => 1,
        (1, 128) => 2,
        (2, 128) => 3,
        (1, 7) => 4,
        (2, 7) => 5,
        (1, 132) => 6,
        _ => -1,
    };

    /// <summary>Whether a family is in it.</summary>
    public bool Contains(Family family) => IndexOf(family) is >= 0 and var index && (bits >> index & 1) != 0;

    /// <summary>With a family more; unchanged by one that is not spoken here.</summary>
    public FamilySet With(Family family) => IndexOf(family) is >= 0 and var index ? new FamilySet(bits | 1 << index) : this;

    /// <summary>Without a family.</summary>
    public FamilySet Without(Family family) => IndexOf(family) is >= 0 and var index ? new FamilySet(bits & ~(1 << index)) : this;

    /// <summary>What is in both.</summary>
    public FamilySet And(FamilySet other) => new(bits & other.bits);

    /// <summary>Its families, in the order of <see cref="Family.All"/>.</summary>
    public IEnumerable<Family> Families
    {
        get
        {
            foreach (var family in Family.All)
            {
                if (Contains(family)) yield return family;
            }
        }
    }

    /// <summary>Names with spaces between.</summary>
    public override string ToString() => string.Join(' ', Families);
}

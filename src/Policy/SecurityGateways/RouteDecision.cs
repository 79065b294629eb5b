using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// Where one prefix leads: the rules of <see cref="SecurityGateways"/>. After each <see cref="Decide"/> says why. Of several best paths those with an identity that is accepted count, each
/// gateway once; a plain one beside them, or beside one that is refused, does not.
/// </summary>
internal sealed class RouteDecision(SecurityGatewayConfiguration configuration, ProtectedMemory memory, SharedTargets targets, IReadOnlyDictionary<IpAddress, int> inUse, CoveringPrefixes? stored)
{
    private readonly IdentityCheck check = new(configuration);
    private readonly CoveringPrefixes trusted = new(configuration.Trusted), shielded = new(configuration.Protected), bypass = new(configuration.Bypass);
    private readonly List<IpAddress> gateways = [], refused = [], hops = [];
    private readonly List<string> neighbors = [];
    private (IReadOnlyList<RoutedPath>? Paths, LearnedTarget? Target) plain;
    private ProtectionReason refusal;

    /// <summary>Why a protected prefix leads where it does; null for one that is not protected.</summary>
    public ProtectionReason? Reason { get; private set; }

    /// <summary>Gateways that it leads to, or that were refused.</summary>
    public IReadOnlyList<IpAddress> Gateways => gateways;

    /// <summary>Whom it is from.</summary>
    public IReadOnlyList<string> Neighbors => neighbors;

    /// <summary>Whether an identity among the paths is accepted: then the prefix is to be remembered.</summary>
    public bool IsAccepted(IpPrefix prefix, IReadOnlyList<RoutedPath> paths)
    {
        if (trusted.Covers(prefix)) return false;
        foreach (var path in paths)
            if (!IsOurs(path) && !path.SecurityGateway.IsAny && check.NeedsEncryption(prefix, path) && check.Check(prefix, path) == ProtectionReason.Accepted)
                return true;
        return false;
    }

    /// <summary>The target of a prefix; null for none. No paths: it is withdrawn.</summary>
    public LearnedTarget? Decide(IpPrefix prefix, IReadOnlyList<RoutedPath>? paths)
    {
        if (paths is not null && ReferenceEquals(paths, plain.Paths) && !memory.Covers(prefix) && !shielded.Covers(prefix)) return Because(null, plain.Target);
        Collect(prefix, paths ?? []);
        if (gateways.Count > 0) return Because(ProtectionReason.Accepted, targets.Into(gateways));
        if (refused.Count > 0)
        {
            gateways.AddRange(refused);
            return Because(refusal, LearnedTarget.Discard);
        }

        if (hops.Count == 0) return memory.Has(prefix) ? Because(ProtectionReason.Withdrawn, LearnedTarget.Discard) : Because(null, null);
        if (memory.Has(prefix)) return Because(ProtectionReason.WithoutIdentity, LearnedTarget.Discard);
        if (memory.Covers(prefix)) return Because(ProtectionReason.InsideRemembered, LearnedTarget.Discard);
        if (shielded.Covers(prefix)) return Because(ProtectionReason.InsideProtected, LearnedTarget.Discard);
        var target = targets.Via(hops);
        if (paths!.All(p => p.SecurityGateway.IsAny)) plain = (paths, target);
        return Because(null, target);
    }

    private static void AddOnce<T>(List<T> list, T item)
    {
        if (!list.Contains(item)) list.Add(item);
    }

    private LearnedTarget? Because(ProtectionReason? reason, LearnedTarget? target)
    {
        Reason = reason;
        return target;
    }

    private bool IsOurs(in RoutedPath path) => path.IsLocal || (!path.SecurityGateway.IsAny && path.SecurityGateway == configuration.Gateway);

    private void Collect(IpPrefix prefix, IReadOnlyList<RoutedPath> paths)
    {
        gateways.Clear();
        refused.Clear();
        hops.Clear();
        neighbors.Clear();
        var isOurs = trusted.Covers(prefix);
        for (var i = 0; i < paths.Count; i++)
        {
            var path = paths[i];
            if (IsOurs(path) || (isOurs && !path.SecurityGateway.IsAny)) continue;
            AddOnce(neighbors, path.Neighbor);
            if (path.SecurityGateway.IsAny) AddOnce(hops, path.NextHop);
            else if (Identity(prefix, path) is not { } reason) AddOnce(hops, path.NextHop);
            else if (reason == ProtectionReason.Accepted) AddOnce(gateways, path.SecurityGateway);
            else Refuse(path.SecurityGateway, reason);
        }
    }

    /// <summary>What becomes of a path with an identity; null: it is plain.</summary>
    private ProtectionReason? Identity(IpPrefix prefix, in RoutedPath path)
    {
        if (!check.NeedsEncryption(prefix, path)) return bypass.Covers(prefix) ? null : ProtectionReason.NeitherEncryptedNorBypassed;
        var reason = check.Check(prefix, path);
        if (reason != ProtectionReason.Accepted) return reason;
        if (!memory.Covers(prefix)) return ProtectionReason.MemoryFull;
        if (stored is not null && !stored.Covers(prefix)) return ProtectionReason.NotStored;
        return inUse.ContainsKey(path.SecurityGateway) || inUse.Count < configuration.MaximumGateways ? reason : ProtectionReason.TooManyGateways;
    }

    private void Refuse(IpAddress gateway, ProtectionReason reason)
    {
        if (refused.Count == 0) refusal = reason;
        AddOnce(refused, gateway);
    }
}

using System.Net;

namespace Appliance.Cli.Labs;

/// <summary>A site of a mesh: a host behind a gateway. <paramref name="Addresses"/>: the host's, one a family; <paramref name="Outer"/>: addresses that the gateway's ESP comes from and goes to.</summary>
internal sealed record LabSite(string Gateway, string Host, IReadOnlyList<string> Addresses, IReadOnlyList<IPAddress> Outer);

/// <summary>Something that <c>lab run</c> does while traffic flows; the phases of a lab come one after the other. The name is that of its figures.</summary>
internal abstract record LabPhase(string Name);

/// <summary>Every host pings and speaks TCP to every other, pair after pair, and the router says by which outer addresses.</summary>
internal sealed record DirectPhase(string Name) : LabPhase(Name);

/// <summary>
/// A command of the product's (<c>appliance …</c>) is run about a gateway while all pairs ping every 10 ms. <paramref name="NewSpi"/>: afterwards every pair must send by another SPI than before.
/// </summary>
internal sealed record CommandPhase(string Name, string Node, IReadOnlyList<string> Command, int Seconds, bool NewSpi) : LabPhase(Name);

/// <summary>A gateway that <c>starts: later</c> is started: how long until all sites reach its own, and it them.</summary>
internal sealed record JoinPhase(string Name, string Node, int WithinMilliseconds) : LabPhase(Name);

/// <summary>
/// A gateway is shut out: in the configuration of <paramref name="At"/> <paramref name="Replace"/> becomes <paramref name="By"/>, and it is reloaded. From <paramref name="AfterMilliseconds"/> later on
/// the keys that <paramref name="Node"/> has (it runs with <c>export_keys</c>) must open nothing that others send.
/// </summary>
internal sealed record LeavePhase(string Name, string Node, string At, string Replace, string By, int AfterMilliseconds, int Seconds) : LabPhase(Name);

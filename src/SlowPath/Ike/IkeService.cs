using System.Net;
using Appliance.Ike;
using Appliance.Ike.Machine;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Credentials;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Ike;

/// <summary>IKE as the rest of the slow path sees it: started once, told of configurations and addresses, asked by operators. Loop.</summary>
internal sealed class IkeService : IDisposable
{
    private readonly IkeMachine machine;
    private readonly IkeHost host;
    private readonly IkeSockets sockets;
    private readonly IkeWork work;
    private readonly IkeSigner signer = new();
    private readonly IkeOperator operators = new();
    private readonly ContextStore contexts;
    private readonly IChildSas children;
    private readonly IGroupSas groups;
    private readonly KeyExport? export;
    private readonly ILogger log;
    private CredentialStore? prepared;
    private IReadOnlyList<IPAddress> addresses = [];
    private IReadOnlyList<string> credentialProblems = [];
    private IkeConfiguration? inForce;
    private bool started;

    /// <summary>Makes machine, pool and sockets; nothing is sent or received before <see cref="Start"/>.</summary>
    /// <exception cref="IOException">The file for exported keys cannot be written.</exception>
    public IkeService(EventLoop loop, Region region, IChildSas children, IGroupSas groups, Action<ApplyInnerAddresses> innerAddresses, string? exportFile, ILogger log, IkePorts? ports = null)
    {
        this.children = children;
        this.groups = groups;
        this.log = log;
        export = exportFile is null ? null : new KeyExport(exportFile);
        if (export is not null) log.LogWarning("KEYS ARE EXPORTED to {File} and {Esp}: whoever reads them reads all traffic. Restart without --export-keys when done", export.File, export.File + ".esp");
        machine = new IkeMachine(new IkeMachineOptions { ExportKeys = export is not null });
        contexts = new ContextStore(region);
        Lines = new IkeLog(log);
        var inbox = new DatagramInbox(Counters);
        work = new IkeWork(signer, Counters, loop.Wake, log);
        sockets = new IkeSockets(inbox, Counters, loop.Wake, ports ?? IkePorts.Standard);
        var actions = new IkeActions(sockets, work, children, groups, contexts, operators, Lines, export, Counters, log) { Events = () => host!, InnerAddresses = innerAddresses };
        host = new IkeHost(machine, inbox, work, loop.Wake, actions.Execute, log);
    }

    /// <summary>Where the gateway says what happened.</summary>
    public IIkeEvents Events => host;

    /// <summary>From the PAD of the configuration to the one in force, with peers that are made from routes; null where none are made.</summary>
    public Func<IReadOnlyList<IkePeer>, IReadOnlyList<IkePeer>>? Pad { get; set; }

    /// <summary>What was counted.</summary>
    public IkeCounters Counters { get; } = new();

    /// <summary>The machine's lines.</summary>
    public IkeLog Lines { get; }

    /// <summary>IKE SAs at present.</summary>
    public IEnumerable<IkeSaStatus> Sas => machine.Sas;

    /// <summary>Peers at present.</summary>
    public IEnumerable<IkePeerStatus> Peers => machine.Peers;

    /// <summary>Groups with a multi-point SA at present.</summary>
    public IEnumerable<GroupStatus> Groups => machine.Groups;

    /// <summary>Members of a group that this node is gateway of.</summary>
    public IEnumerable<GroupMemberStatus> GroupMembers(string group) => machine.GroupMembers(group);

    /// <summary>File that keys are exported to, or null.</summary>
    public string? ExportFile => export?.File;

    /// <summary>Slots for contexts that are free.</summary>
    public int FreeContexts => contexts.Free;

    /// <summary>What is wrong with sockets and credentials, one sentence each.</summary>
    public IEnumerable<string> Problems => sockets.Problems.Concat(credentialProblems);

    /// <summary>The loop's turn, see <see cref="EventLoop.Turns"/>.</summary>
    public long Turn() => started ? host.Turn() : long.MaxValue;

    /// <summary>First addresses, then the IKE SAs and groups of an earlier process, then the configuration; the children and groups' SAs that they name are claimed.</summary>
    public void Start(LoadedConfiguration configuration, IReadOnlyList<IPAddress> wanted)
    {
        started = true;
        if (Prepare(configuration) is { } problem) log.LogError("credentials: {Problem}", problem);
        Bind(wanted);
        host.Step(new AddressesChanged(sockets.Addresses));
        foreach (var id in contexts.Ids.ToList())
            if (contexts.Read(id) is { } context)
                host.Step(new ContextRestored(id, context));
        Use(configuration);
        foreach (var child in machine.Sas.SelectMany(s => s.Children).Select(c => c.Child).ToList())
            if (!children.Exists(child.InboundSpi, child.OutboundSpi))
                host.Raise(new ChildExpires(child.OutboundSpi, Hard: true));
        foreach (var sa in machine.Groups.SelectMany(g => g.Sas).Select(s => s.Sa).ToList())
            if (!groups.Exists(sa.Group, sa.Spi))
                host.Raise(new GroupExpires(sa.Group, sa.Spi, Hard: true));
    }

    /// <summary>Reads the credentials that a configuration names, which <see cref="Use"/> then takes. Null, or what is wrong: the configuration cannot be used.</summary>
    public string? Prepare(LoadedConfiguration configuration)
    {
        var sources = new CredentialSources
        {
            Credentials = [.. configuration.Credentials.Select(c => new CredentialSource(c.Name, c.CertificateFile, c.PrivateKeyFile))],
            Authorities = [.. configuration.AuthorityFiles.Select(f => new AuthoritySource(f, f))],
            RevocationLists = configuration.RevocationFiles,
        };
        prepared?.Dispose();
        prepared = CredentialStore.Load(sources, TimeProvider.System, out var problems);
        credentialProblems = [.. problems.Select(p => p.ToString())];
        foreach (var warning in problems.Where(p => p.IsWarning)) log.LogWarning("{Warning}", warning);
        return prepared is null ? string.Join("; ", problems.Where(p => !p.IsWarning)) : null;
    }

    /// <summary>
    /// A configuration is in force. Keys of the earlier one are not wiped here: an exchange that is under way still proves itself by them, and by zeros anybody could.
    /// </summary>
    public void Use(LoadedConfiguration configuration)
    {
        signer.Use(prepared);
        var ike = configuration.Ike ?? new IkeConfiguration();
        if (prepared is not null) ike = ike with { Credentials = prepared.Credentials, AuthorityHashes = prepared.AuthorityHashes };
        prepared = null;
        inForce = ike;
        Renew();
    }

    /// <summary>Peers that are made from routes changed: what they do not touch goes on. Nothing before <see cref="Start"/>.</summary>
    public void Renew()
    {
        if (inForce is { } ike) host.Step(new ConfigurationChanged(Pad is null ? ike : ike with { Peers = Pad(ike.Peers) }));
    }

    /// <summary>The addresses that IKE shall speak from, as they are now. Called again and again: what could not be opened is tried anew.</summary>
    public void SeeAddresses(IReadOnlyList<IPAddress> wanted)
    {
        if (!started || (wanted.SequenceEqual(addresses) && sockets.Problems.Count == 0)) return;
        if (Bind(wanted)) host.Raise(new AddressesChanged(sockets.Addresses));
    }

    /// <summary>An operator asks.</summary>
    /// <exception cref="RefusedException">It could not be done, or not in time.</exception>
    public Task<bool> AskAsync(OperatorVerb verb, string name) => operators.AskAsync(request => new OperatorAsked(request, verb, name), name, host.Raise);

    /// <summary>An operator wants new keys for a group that this node is gateway of; what follows takes ROLL1.</summary>
    /// <exception cref="RefusedException">It could not be done, or not in time.</exception>
    public Task<bool> RekeyGroupAsync(string group) => operators.AskAsync(request => new GroupRekeyAsked(request, group), $"group {group}", host.Raise);

    /// <summary>The node goes out of service, or stays; what follows at once.</summary>
    public IkeDrainStatus Drain(bool draining)
    {
        host.Step(new DrainChanged(draining));
        return machine.Drain;
    }

    /// <summary>Whether the node is on its way out of service, and who is still there.</summary>
    public IkeDrainStatus Draining => machine.Drain;

    /// <inheritdoc/>
    public void Dispose()
    {
        sockets.Dispose();
        work.Dispose();
        signer.Dispose();
        prepared?.Dispose();
        export?.Dispose();
    }

    private bool Bind(IReadOnlyList<IPAddress> wanted)
    {
        var before = sockets.Problems.ToHashSet(StringComparer.Ordinal);
        addresses = wanted;
        var changed = sockets.Bind(wanted);
        foreach (var problem in sockets.Problems.Where(p => !before.Contains(p))) log.LogWarning("{Problem}", problem);
        if (changed) log.LogInformation("IKE listens on {Addresses}", string.Join(", ", sockets.Addresses));
        return changed;
    }
}

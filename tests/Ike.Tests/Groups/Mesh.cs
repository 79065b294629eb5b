using System.Net;
using System.Text;
using Appliance.Crypto;
using Appliance.Ike.Messages;
using Appliance.Ike.Recording;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>A gateway and its members, one clock, and a network that loses what the test says.</summary>
internal sealed class Mesh
{
    public static readonly IPAddress GatewayAddress = IPAddress.Parse("192.0.2.1");
    private readonly Dictionary<IPAddress, GroupHost> hosts = [];
    private readonly StandInPool pool = new(new Agreements(), StandIns.Secret);
    private readonly Entropy entropy = new([.. Enumerable.Repeat((byte)7, Entropy.SeedLength)]);

    public Mesh(int members = 3, Func<GroupServer, GroupServer>? server = null, Func<IkePeer, IkePeer>? peer = null)
    {
        Server = new GroupServer { Members = [.. Enumerable.Range(1, members).Select(i => $"m{i}")], SenderIdBits = 12 };
        if (server is not null) Server = server(Server);
        Peers = [.. Enumerable.Range(1, members).Select(i => PeerOf(i)).Select(peer ?? (p => p))];
        Gateway = Add("gateway", GatewayAddress);
        Gateway.Configure(Served());
        for (var i = 1; i <= members; i++) Members.Add(Add($"m{i}", AddressOf(i)));
    }

    public Ledger Ledger { get; } = new();

    public GroupServer Server { get; set; }

    public List<IkePeer> Peers { get; set; }

    public GroupHost Gateway { get; }

    public List<GroupHost> Members { get; } = [];

    public Instant Now { get; private set; } = new(1_000_000);

    public Func<SendDatagram, bool> Passes { get; set; } = _ => true;

    /// <summary>Called when nothing is under way, before time passes.</summary>
    public Action? Resting { get; set; }

    public static string Identity(int member) => $"m{member}.example.org";

    /// <summary>The gateway's PAD entry of a member.</summary>
    public static IkePeer PeerOf(int i) => new()
    {
        Name = $"m{i}", Local = [GatewayAddress], Remote = [AddressOf(i)], LocalIdentity = Ike.Identity.Fqdn("gw.example.org"), RemoteIdentity = IdentityPattern.Exactly(Ike.Identity.Fqdn(Identity(i))),
        SharedKey = Encoding.ASCII.GetBytes($"secret {i}"), Proposals = [Machine.Rig.Samples.X25519], Childless = true, RekeySeconds = 0, LivenessSeconds = 0, Mobike = false,
    };

    /// <summary>What a member is configured with; the operator brings it up.</summary>
    public static IkeConfiguration Membership(int i, int senders = 2, bool knowsGroups = true) => new()
    {
        Peers = [PeerOf(i) with { Name = "gw", Local = [AddressOf(i)], Remote = [GatewayAddress], LocalIdentity = Ike.Identity.Fqdn(Identity(i)), RemoteIdentity = IdentityPattern.Exactly(Ike.Identity.Fqdn("gw.example.org")) }],
        Groups = knowsGroups ? [new IkeGroup { Name = "mesh", Gateways = ["gw"], Senders = senders }] : [],
    };

    public IkeConfiguration Served() => new() { Peers = Peers, Groups = [new IkeGroup { Name = "mesh", Server = Server, Senders = 2 }] };

    /// <summary>The gateway's configuration changes.</summary>
    public Mesh Reconfigure(Func<GroupServer, GroupServer> server)
    {
        Server = server(Server);
        Gateway.Configure(Served());
        return this;
    }

    /// <summary>A member begins its IKE SA, and what follows is delivered.</summary>
    public Mesh Up(int i, int senders = 2, bool knowsGroups = true)
    {
        Members[i - 1].Configure(Membership(i, senders, knowsGroups));
        Members[i - 1].Do(new OperatorAsked((ulong)i, OperatorVerb.Up, "gw"));
        return Run();
    }

    public Mesh UpAll()
    {
        for (var i = 1; i <= Members.Count; i++) Up(i);
        return this;
    }

    public Mesh Rekey()
    {
        Gateway.Do(new GroupRekeyAsked(99, "mesh"));
        return Pass(Machine.Tuning.GroupRekeyPause);
    }

    public GroupMemberStatus Of(int i) => Gateway.Machine.GroupMembers("mesh").Single(m => m.Peer == $"m{i}");

    public SentPut Last(int i) => Ledger.To(Identity(i)).Last();

    /// <summary>Every member has the newest SA, and the gateway has it too.</summary>
    public void IsWhole()
    {
        var newest = Gateway.Machine.Servers.Find("mesh")!.Newest!;
        Assert.All(Gateway.Machine.GroupMembers("mesh"), m => Assert.Equal("current", m.State));
        Assert.Contains(("mesh", newest.Spi), Gateway.Installed.Keys);
        Assert.Equal(Gateway.Machine.Servers.Find("mesh")!.Sas.Select(s => s.Spi).Order(), Gateway.Installed.Keys.Select(k => k.Spi).Order());
        Assert.True(Gateway.Sending.ContainsKey("mesh"), "the gateway sends by none");
        foreach (var member in Members) Assert.Contains(("mesh", newest.Spi), member.Installed.Keys);
    }

    /// <summary>Then, everybody sends by the newest SA, and there is no other.</summary>
    public void IsRolledOver()
    {
        IsWhole();
        var newest = Gateway.Machine.Servers.Find("mesh")!.Newest!.Spi;
        Assert.All((GroupHost[])[Gateway, .. Members], h => Assert.Equal(newest, h.Sending["mesh"]));
        Assert.All((GroupHost[])[Gateway, .. Members], h => Assert.Equal(newest, Assert.Single(h.Installed).Key.Spi));
    }

    public Mesh Run()
    {
        for (var count = 0; hosts.Values.FirstOrDefault(h => h.Outbox.Count > 0) is { } from || Due(); count++)
        {
            Assert.True(count < 200_000, "they never stop to talk");
            if (hosts.Values.FirstOrDefault(h => h.Outbox.Count > 0) is not { } sender) continue;
            var sent = sender.Outbox.Dequeue();
            if (Passes(sent) && hosts.TryGetValue(sent.Remote.Address, out var to)) to.Do(new DatagramReceived(sent.Remote, sent.Local, sent.Octets));
        }

        return this;
    }

    public Mesh Pass(long milliseconds)
    {
        Run();
        var end = Now.Plus(milliseconds);
        for (var count = 0; count < 20_000; count++)
        {
            Resting?.Invoke();
            var due = new Instant(hosts.Values.Where(h => !h.IsDead).Min(h => h.Machine.NextDue.Milliseconds));
            if (due > end) break;
            Set(due > Now ? due : Now);
            Run();
        }

        Set(end);
        return Run();
    }

    /// <summary>One more host.</summary>
    public GroupHost Add(string name, IPAddress address)
    {
        var host = new GroupHost(name, address, pool, entropy, Ledger) { Now = Now };
        hosts.Add(address, host);
        host.Do(new AddressesChanged([address]));
        return host;
    }

    /// <summary>Whose time has come is told so. False: nobody's has.</summary>
    private bool Due()
    {
        var any = false;
        foreach (var host in hosts.Values.Where(h => !h.IsDead && h.Machine.NextDue <= Now).ToArray())
        {
            host.Do(TimePassed.Event);
            any = true;
        }

        return any;
    }

    private static IPAddress AddressOf(int i) => new([198, 51, (byte)(100 + (i >> 8)), (byte)i]);

    private void Set(Instant now)
    {
        Now = now;
        foreach (var host in hosts.Values) host.Now = now;
    }
}

using System.Text;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// From the text of a configuration file to <see cref="LoadedConfiguration"/>: 1. the tree (<see cref="YamlTree"/>), 2. each section with its types,
/// 3. what must hold between sections (<see cref="Consistency"/>, <see cref="PeerConsistency"/>, <see cref="GroupConsistency"/>). All errors are collected; with any of them there is no configuration.
/// </summary>
public static class ConfigurationReader
{
    private const int MaximumOctets = 16 << 20;

    /// <summary>Reads a file. Errors name line and column; a file that cannot be read is an error at 1:1.</summary>
    public static LoadedConfiguration? ReadFile(string path, out IReadOnlyList<ConfigurationError> problems)
    {
        string text;
        try
        {
            using var stream = File.OpenRead(path);
            var octets = new byte[stream.CanSeek && stream.Length is > 0 and < MaximumOctets ? stream.Length : MaximumOctets + 1];
            var length = stream.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            text = new UTF8Encoding(false, true).GetString(octets, 0, length);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(octets);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = exception is DecoderFallbackException ? "it is not UTF-8" : exception.Message.ReplaceLineEndings(" ");
            problems = [new ConfigurationError(new SourcePosition(1, 1), $"cannot be read: {why}", "name a YAML file that this user may read")];
            return null;
        }

        return Read(text, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", out problems);
    }

    /// <summary>Reads text; the files that it names are relative to <paramref name="folder"/>.</summary>
    public static LoadedConfiguration? Read(string text, string folder, out IReadOnlyList<ConfigurationError> problems)
    {
        var errors = new ConfigurationErrors();
        var configuration = text.Length > MaximumOctets ? TooLong(errors) : YamlTree.Read(text, errors) is { } root ? Root(root, folder, errors) : null;
        if (configuration is null && !errors.Any) errors.Add(new SourcePosition(1, 1), "not a whole YAML document", "check the end of the file");
        problems = errors.InOrder;
        if (!errors.Any) return configuration! with { Warnings = errors.Warnings };
        configuration?.WipeSecrets();
        return null;
    }

    private static LoadedConfiguration? TooLong(ConfigurationErrors errors)
    {
        errors.Add(new SourcePosition(1, 1), $"longer than {MaximumOctets} octets", "split the configuration over several gateways");
        return null;
    }

    private static LoadedConfiguration Root(YamlNode root, string folder, ConfigurationErrors errors)
    {
        var map = new MapReader(root, "the configuration", errors);
        var ports = new PortSection(errors);
        var workers = Workers(map, errors);
        var files = new ConfigurationFiles(folder, errors);
        var credentials = new CredentialSection(errors, files);
        var peers = new PeerSection(errors, credentials, files);
        var ike = new IkeSection(errors, credentials).Read(map.Node("ike"));
        var entries = peers.Read(map.List("peers"), ike);
        var tunnels = new TunnelSection(errors, entries, workers.Count);
        var groups = new GroupSection(errors, workers.Count);
        groups.Read(map.List("groups"));
        var policies = new PolicySection(errors);
        var protectedRanges = new PrefixList(errors);
        var defaults = new GatewayConfiguration();
        var configuration = new GatewayConfiguration
        {
            Instance = Name(map, "instance", "default", errors),
            Workers = workers,
            CryptoTier = map.Choice("crypto_tier", "auto", ("auto", "auto"), ("vaes", "vaes"), ("managed", "managed"), ("bcl", "bcl")),
            SpinMicroseconds = (int)map.Microseconds("spin", defaults.SpinMicroseconds, 0, 1_000_000),
            Region = RegionSection(map.Node("region"), errors),
            Frames = map.Number("frames", defaults.Frames, 256, 1 << 20),
            JumboFrames = map.Number("jumbo_frames", defaults.JumboFrames, 0, 1 << 16),
            Ports = ports.Read(map.List("ports")),
            Vpn = ports.Vpn(map.Node("vpn")),
            Tunnels = tunnels.Read(map.List("tunnels"), groups.Tunnels),
            Policies = policies.Read(map.List("policies")),
            Protected = protectedRanges.Read(map.List("protected")),
            ApiSocket = ApiSection(map.Node("api"), errors),
        };
        var bfd = new BfdSection(errors).Read(map.List("bfd"));
        var bgp = new BgpSection(errors, files, groups.Entries).Read(map.Node("bgp"));
        var customerEdge = new CeSection(errors, peers, policies);
        var ce = customerEdge.Read(map.Node("ce"), ike, entries, configuration.Protected, configuration.Region, workers.Count);
        configuration = configuration with { Groups = [.. groups.Entries.Select(g => GroupAnnouncement.Named(g.Group, bgp))], Policies = [.. configuration.Policies, .. customerEdge.Policies], StateDirectory = StateDirectory(map, configuration.Instance, folder) };
        map.Done();
        if (configuration.Ports.Count == 0 && map.Node("ports") is not YamlList { Items.Count: > 0 })
            map.Wrong("ports", "there are no ports", "name at least one: - { name: wan, device: eth0, side: unprotected }");
        if (configuration.JumboFrames >= configuration.Frames) map.Wrong("jumbo_frames", "more jumbo frames than frames", "they are taken from 'frames': lower one or raise the other");
        Consistency.Check(configuration, ports, tunnels, policies, errors);
        Consistency.Unique(entries.Select(p => p.Name).Zip(peers.Places), "peer", errors);
        var children = tunnels.Children.ToLookup(c => c.Peer, c => c.Child, StringComparer.Ordinal);
        entries = [.. entries.Select(p => p with { Children = [.. children[p.Name]] })];
        PeerConsistency.Check(entries, peers, ce, errors);
        new GroupConsistency(groups.Entries, errors).Check(configuration, entries, bgp);
        var places = entries.Zip(peers.Places).DistinctBy(p => p.First.Name).ToDictionary(p => p.First.Name, p => p.Second);
        if (ce is not null)
        {
            customerEdge.Check(bgp, [.. configuration.Tunnels.Select(t => t.Name).Zip(tunnels.Places), .. entries.Select(p => p.Name).Zip(peers.Places)]);
            if (ce.Template is not null) entries = [.. entries.Where(p => p.Name != ce.Template || p.Children.Count > 0)];
            if (bgp is not null && !errors.Any) bgp = CeAnnouncement.AddTo(bgp, ce);
        }

        if (bgp is not null && !errors.Any) bgp = GroupAnnouncement.AddTo(bgp, configuration.Groups);
        return new LoadedConfiguration
        {
            Gateway = configuration,
            Ike = entries.Count > 0 || ce is not null || map.Node("ike") is not null ? ike.Configuration with { Peers = entries, Groups = [.. groups.Entries.Select(g => g.Ike)] } : null,
            Bgp = bgp,
            Bfd = bfd,
            Ce = ce,
            Credentials = credentials.Credentials,
            AuthorityFiles = credentials.AuthorityFiles,
            RevocationFiles = credentials.RevocationFiles,
            FilePlaces = files.Places,
            PeerPlaces = places,
            GroupPlaces = groups.Entries.DistinctBy(g => g.Group.Name).ToDictionary(g => g.Group.Name, g => g.Places.Name),
        };
    }

    /// <summary>A name that can be a folder, a part of a descriptor list and a cell of a table: up to 31 letters, digits, '-', '_' and '.'.</summary>
    internal static string Name(MapReader map, string key, string otherwise, ConfigurationErrors errors)
    {
        if (map.Text(key) is not { } text) return otherwise;
        var good = text.Text.Length is > 0 and < NameOctets.Size && text.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && text.Text[0] is not ('.' or '-');
        if (!good) errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no name", "up to 31 letters, digits, '-', '_' and '.', starting with a letter or digit");
        return good ? text.Text : otherwise;
    }

    private static List<int> Workers(MapReader map, ConfigurationErrors errors)
    {
        var cores = new List<int>();
        foreach (var node in map.List("workers"))
        {
            if (node is not YamlText text)
            {
                errors.Add(node.At, "a worker is the number of a core", "write workers: [2, 3]");
                continue;
            }

            var core = map.NumberOf(text, "workers", -1, 0, 1023);
            if (core >= 0 && cores.Contains(core)) errors.Add(text.At, $"core {core} has a worker already", "one worker a core");
            else if (core >= 0) cores.Add(core);
        }

        if (cores.Count > WorkerBlock.Maximum) map.Wrong("workers", $"{cores.Count} workers", $"at most {WorkerBlock.Maximum}");
        return cores.Count > 0 ? cores : [0];
    }

    private static RegionSizes RegionSection(YamlNode? node, ConfigurationErrors errors)
    {
        var map = new MapReader(node, "region", errors);
        var d = new RegionSizes();
        var sas = map.Number("sas", d.OutboundSas, 16, 2_000_000);
        var sizes = d with
        {
            OutboundSas = sas,
            InboundSas = sas,
            Tunnels = map.Number("tunnels", d.Tunnels, 1, 1_000_000),
            Ipv4Groups = map.Number("ipv4_groups", d.Ipv4Groups, 16, 4_000_000),
            Ipv6Nodes = map.Number("ipv6_nodes", d.Ipv6Nodes, 64, 4_000_000),
            SpdRules = map.Number("spd_rules", d.SpdRules, 16, 1_000_000),
            Adjacencies = map.Number("adjacencies", d.Adjacencies, 16, 1_000_000),
            Senders = map.Number("senders", d.Senders, 16, 4_000_000),
            NextHops = map.Number("next_hops", d.NextHops, 16, 4_000_000),
            ContextSlots = map.Number("contexts", 2 * sas, 16, 4_000_000),
        };
        map.Done();
        return sizes;
    }

    /// <summary>Where what survives a reboot is kept; relative to the configuration file like every other path in it.</summary>
    private static string StateDirectory(MapReader map, string instance, string folder)
    {
        if (map.Text("state") is not { } text) return Path.Combine("/var/lib/appliance", instance);
        if (text.Text.Length > 0 && !text.Text.Contains('\0', StringComparison.Ordinal)) return Path.GetFullPath(text.Text, folder);
        map.Wrong("state", $"'{Spelling.Shorten(text.Text)}' is no folder", "write one that survives a reboot, as state: /var/lib/appliance/site-a");
        return folder;
    }

    private static string? ApiSection(YamlNode? node, ConfigurationErrors errors)
    {
        var map = new MapReader(node, "api", errors);
        var socket = map.Text("socket")?.Text;
        map.Done();
        if (socket is null or "default") return null;
        if (!Path.IsPathFullyQualified(socket) || Encoding.UTF8.GetByteCount(socket) > 100)
            map.Wrong("socket", $"'{Spelling.Shorten(socket)}' cannot be a socket", "write 'default' or a full path of at most 100 octets");
        return socket;
    }
}

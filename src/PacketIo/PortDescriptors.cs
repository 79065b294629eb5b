using System.Globalization;

namespace Appliance.PacketIo;

/// <summary>
/// The descriptors that the supervisor hands to the data plane, as one argument: <c>xsk/lan=5,local4/lan=6,local6/lan=7;tun/vpn0=8+9</c>.
/// The name is <c>what/port</c>; several descriptors (the queues of a TUN device) are joined by '+'; ',' and ';' separate entries alike.
/// </summary>
public sealed class PortDescriptors
{
    private readonly Dictionary<string, IReadOnlyList<int>> entries = [];

    /// <summary>AF_XDP sockets of a port.</summary>
    public const string Xsk = "xsk";

    /// <summary>IPv4 addresses of the machine.</summary>
    public const string Local4 = "local4";

    /// <summary>IPv6 addresses of the machine.</summary>
    public const string Local6 = "local6";

    /// <summary>IPv4 multicast addresses that come to the workers; of ports inside.</summary>
    public const string Groups4 = "groups4";

    /// <summary>IPv6 multicast addresses that come to the workers; of ports inside.</summary>
    public const string Groups6 = "groups6";

    /// <summary>Queues of a TUN device.</summary>
    public const string Tun = "tun";

    /// <summary>Reads the argument.</summary>
    /// <exception cref="FormatException">It is not of that form.</exception>
    public static PortDescriptors Parse(string text)
    {
        var descriptors = new PortDescriptors();
        foreach (var entry in text.Split([',', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = entry.IndexOf('=');
            if (equals <= 0 || !entry[..equals].Contains('/')) throw new FormatException($"--descriptors: '{entry}' is not what/port=number");
            var numbers = new List<int>();
            foreach (var number in entry[(equals + 1)..].Split('+'))
            {
                if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)) throw new FormatException($"--descriptors: '{number}' is no descriptor");
                numbers.Add(descriptor);
            }

            if (!descriptors.entries.TryAdd(entry[..equals], numbers)) throw new FormatException($"--descriptors: '{entry[..equals]}' stands there twice");
        }

        return descriptors;
    }

    /// <summary>Adds an entry.</summary>
    public void Add(string what, string port, params IReadOnlyList<int> descriptors) => entries.Add($"{what}/{port}", descriptors);

    /// <summary>The descriptors of an entry; empty when there is none.</summary>
    public IReadOnlyList<int> Find(string what, string port) => entries.TryGetValue($"{what}/{port}", out var found) ? found : [];

    /// <summary>The one descriptor of an entry.</summary>
    /// <exception cref="IOException">There is none: the supervisor and this program do not fit together.</exception>
    public int Require(string what, string port) => Find(what, port) is [var only] ? only
        : throw new IOException($"the supervisor handed down no descriptor {what}/{port}: start the product with `appliance run`");

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', entries.Select(e => $"{e.Key}={string.Join('+', e.Value)}"));
}

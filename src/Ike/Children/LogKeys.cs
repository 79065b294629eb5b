using System.Text;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Short stable keys of log lines.</summary>
internal static class LogKeys
{
    /// <summary>Of an error notify: <c>no-proposal-chosen</c>.</summary>
    public static string Of(NotifyType notify)
    {
        if (!Enum.IsDefined(notify)) return "refused";
        var name = notify.ToString();
        var key = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && key.Length > 0) key.Append('-');
            key.Append(char.ToLowerInvariant(letter));
        }

        return key.ToString();
    }
}

package nbkit;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.MessageDigest;

/** Lets nobody see Spark's pages without the token: once in the address, from then on as a cookie. */
public final class UiToken implements Filter {
    private static final String NAME = "token";
    private byte[] token;
    private String cookie;

    public UiToken() {}

    public void init(FilterConfig config) throws ServletException {
        try {
            String kept = new String(Files.readAllBytes(Paths.get(config.getInitParameter("file"))), StandardCharsets.UTF_8);
            token = kept.trim().getBytes(StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new ServletException("the token of Spark's pages cannot be read", unreadable);
        }
        // Browsers send cookies to every port of a host: each driver's has a name of its own.
        cookie = "nbkit-spark-" + config.getInitParameter("name");
    }

    public void doFilter(ServletRequest given, ServletResponse answer, FilterChain chain)
            throws IOException, ServletException {
        HttpServletRequest request = (HttpServletRequest) given;
        HttpServletResponse response = (HttpServletResponse) answer;
        response.setHeader("Referrer-Policy", "no-referrer");
        if (is(request.getParameter(NAME))) {
            Cookie kept = new Cookie(cookie, request.getParameter(NAME));
            kept.setHttpOnly(true);
            kept.setPath("/");
            kept.setAttribute("SameSite", "Strict");
            response.addCookie(kept);
            if ("GET".equals(request.getMethod()) && (NAME + "=" + request.getParameter(NAME)).equals(request.getQueryString())
                    && !request.getRequestURI().startsWith("/api/")) {
                response.sendRedirect(request.getRequestURI()); // the address bar need not show it
            } else {
                chain.doFilter(given, answer);
            }
        } else if (isKnown(request.getCookies())) {
            chain.doFilter(given, answer);
        } else {
            response.sendError(HttpServletResponse.SC_FORBIDDEN, "Open these pages by `nbkit driver ui`.");
        }
    }

    public void destroy() {}

    private boolean isKnown(Cookie[] cookies) {
        if (cookies == null) {
            return false;
        }
        for (int i = 0; i < cookies.length; i++) {
            if (cookies[i].getName().equals(cookie) && is(cookies[i].getValue())) {
                return true;
            }
        }
        return false;
    }

    /** Compares in a time that tells nothing of how much is right. */
    private boolean is(String said) {
        return said != null && MessageDigest.isEqual(token, said.getBytes(StandardCharsets.UTF_8));
    }
}
